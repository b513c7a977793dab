//! Sending a call again, where that is safe.

use rehydrate_port::StoreError;
use sqlx::Postgres;

use super::append::Race;
use super::error::{Meaning, explain_commit, explain_write, is_of_the_connection, meaning};
use super::session::Session;
use crate::dialect::pool::Pool;

/// The attempts at one call: a connection that has lain idle may be one no longer, so a call that
/// has failed for that gets a second one.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    pool: &'a Pool<Postgres>,
    store: &'a str,
    action: &'static str,
    is_first: bool,
    race: Race,
    can_be_repeated: bool,
}

impl<'a> Attempts<'a> {
    /// At a call that does no harm when it is done twice.
    pub(super) fn new(pool: &'a Pool<Postgres>, store: &'a str, action: &'static str) -> Self {
        Self {
            pool,
            store,
            action,
            is_first: true,
            race: Race::Error,
            can_be_repeated: true,
        }
    }

    /// At a call that may be done once only, unless this says otherwise.
    pub(super) fn repeatable(self, can_be_repeated: bool) -> Self {
        Self {
            can_be_repeated,
            ..self
        }
    }

    /// What the next attempt does about a lost race.
    pub(super) fn race(&self) -> Race {
        self.race
    }

    /// What came of a read, or None if it is worth another attempt.
    pub(super) async fn read<T>(
        &mut self,
        session: Session,
        outcome: Result<T, StoreError>,
    ) -> Option<Result<T, StoreError>> {
        let is_reused = session.is_reused();
        match outcome {
            Err(error) if is_of_the_connection(&error) => {
                drop(session);
                self.pool.forget_idle();
                if is_reused && std::mem::take(&mut self.is_first) {
                    return None;
                }
                Some(Err(error))
            }
            outcome => {
                session.abandon().await;
                Some(outcome)
            }
        }
    }

    /// What came of a call that commits, or None if it is worth another attempt: it surely has not
    /// committed, or does not mind.
    pub(super) async fn write<T>(
        &mut self,
        session: Session,
        outcome: Result<T, sqlx::Error>,
    ) -> Option<Result<T, StoreError>> {
        let error = match outcome {
            Ok(done) => match session.close().await {
                Ok(()) => return Some(Ok(done)),
                Err(error) => error,
            },
            Err(error) => match meaning(&error) {
                Meaning::LostRace if self.race == Race::Error => {
                    session.abandon().await;
                    self.race = Race::Answer;
                    return None;
                }
                meaning if meaning.is_of_the_connection() => error,
                _ => {
                    session.abandon().await;
                    return Some(Err(explain_write(self.store, self.action, error)));
                }
            },
        };
        // What cut this connection has cut the idle ones, too.
        self.pool.forget_idle();
        let is_safe = self.can_be_repeated || meaning(&error) != Meaning::Cut;
        if is_safe && std::mem::take(&mut self.is_first) {
            return None;
        }
        Some(Err(explain_commit(self.store, self.action, error)))
    }
}
