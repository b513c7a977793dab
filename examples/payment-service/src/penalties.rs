//! Who does not pay in time gets a penalty: a process manager with a durable timer.

use std::fmt;

use chrono::TimeDelta;
use rehydrate::{Attempt, ExecuteError, Failure, Reaction, Reactor, Recorded, Repository, Start};

use crate::fine::{Fine, FineEvent, FineId};

/// How long a fine may remain unpaid after the offender was notified.
pub const DAYS_TO_PAY: i64 = 60;

/// Adds the penalty to each fine that is unpaid 60 days after its notification.
///
/// The event of the notification is delivered, and asks to be delivered again when the time is up;
/// that is kept in the store, so it survives restarts. The command has the delivery's key, so the
/// penalty is added once, however often the delivery is repeated.
pub struct Penalties {
    fines: Repository<Fine>,
}

impl Penalties {
    /// For the fines of this repository.
    #[must_use]
    pub fn new(fines: Repository<Fine>) -> Self {
        Self { fines }
    }
}

impl Reactor for Penalties {
    type Events = Fine;

    const NAME: &'static str = "penalties";
    /// What was imported has had its penalties in its own time.
    const START: Start = Start::Now;

    async fn react(
        &self,
        event: &Recorded<'_, FineEvent>,
        attempt: &Attempt,
    ) -> Result<Reaction, Failure> {
        if !matches!(event.event, FineEvent::Notified { .. }) {
            return Ok(Reaction::Done);
        }
        let due = event.recorded_at() + TimeDelta::days(DAYS_TO_PAY);
        if attempt.now() < due {
            return Ok(Reaction::Again(due));
        }
        let id: FineId = event.id().map_err(Failure::poison)?;
        let added = self
            .fines
            .execute_with(&id, attempt.command(), Fine::penalize_if_unpaid);
        match added.await {
            Ok(_) => Ok(Reaction::Done),
            // The fine has refused for good, and says why.
            Err(error @ ExecuteError::Rejected(_)) => Err(Failure::poison(error)),
            Err(error) => Err(Failure::transient(error)),
        }
    }
}

impl fmt::Debug for Penalties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Penalties").finish_non_exhaustive()
    }
}
