//! Load, decide, append; and again after a conflict.

use super::folded::Folded;
use super::load::Found;
use super::order::Order;
use super::session::Session;
use super::{Committed, ExecuteError, Repository};
use crate::aggregate::Aggregate;
use crate::command::CommandContext;
use crate::error::StoreError;
use crate::event::IntoEvents;
use crate::store::{Appended, Outcome, Transaction};
use crate::stream::Expected;

impl<A: Aggregate> Repository<A> {
    /// Loads an aggregate, decides, and appends what was decided.
    ///
    /// If others append to the stream in between, only their events are read and the decision is
    /// made again on the new state, as often as [`Retry`](super::Retry) allows. A decision without
    /// events writes nothing.
    ///
    /// # Errors
    /// [`ExecuteError::Rejected`]: the aggregate refused; show it to whoever asked.
    /// [`ExecuteError::Conflict`]: the stream is too busy; try again later. The rest: see
    /// [`ExecuteError::kind`].
    pub async fn execute<D, E, F>(
        &self,
        id: &A::Id,
        decide: F,
    ) -> Result<Committed<A>, ExecuteError<E>>
    where
        F: Fn(&A) -> Result<D, E>,
        D: IntoEvents<A::Event>,
    {
        self.execute_with(id, CommandContext::new(), decide).await
    }

    /// As [`Repository::execute`], with an idempotency key, metadata, a time or an expected version.
    ///
    /// A command whose idempotency key has been committed before is not decided again: the outcome
    /// is the first one's, with the state as it was after it.
    ///
    /// # Errors
    /// As for [`Repository::execute`]. [`StoreError::KeyReused`]: the key belongs to another
    /// command.
    pub async fn execute_with<D, E, F>(
        &self,
        id: &A::Id,
        context: CommandContext,
        decide: F,
    ) -> Result<Committed<A>, ExecuteError<E>>
    where
        F: Fn(&A) -> Result<D, E>,
        D: IntoEvents<A::Event>,
    {
        let order = Order::new(self.stream(id).map_err(super::LoadError::from)?, context)?;
        let mut session = Session::Store(&*self.store);
        let mut found = self.find_to_decide(&mut session, &order).await?;
        // A shelved state that nobody has compared with the store yet.
        let mut stale = self.shelf.may_be_stale();
        let mut turn = None;
        let mut attempts = 1;
        loop {
            let mut folded = match found {
                Found::State(folded) => folded,
                Found::Committed(first) => {
                    let first = order.first_outcome(first)?;
                    return self.repeat(&mut session, &order, first, attempts).await;
                }
            };
            let decided = order
                .check_version(folded.version)
                .and_then(|()| decide(&folded.state).map_err(ExecuteError::Rejected))
                .map(IntoEvents::into_events);
            match decided {
                // Only an append would notice that the state is stale, so look before refusing.
                Err(_) if stale => {}
                Ok(events) if stale && events.is_empty() => {}
                Err(error) => return Err(error),
                Ok(events) if events.is_empty() => {
                    return Ok(Committed::new(folded, 0, attempts));
                }
                Ok(events) => {
                    let batch = order.batch(&events, self.now())?;
                    let expected = Expected::Exactly(folded.version);
                    match session.append(&order.stream, expected, &batch).await {
                        Ok(appended) if appended.outcome == Outcome::Repeated => {
                            return self.repeat(&mut session, &order, appended, attempts).await;
                        }
                        Ok(appended) => {
                            let count = events.len();
                            folded.take_appended(events, appended);
                            self.settle(&mut folded).await;
                            return Ok(Committed::new(folded, count, attempts));
                        }
                        Err(StoreError::Conflict { .. })
                            if order.may_decide_again()
                                && self.retry.allows_another_after(attempts) =>
                        {
                            match turn {
                                None => turn = Some(self.queue.turn(&order.stream).await),
                                Some(_) => self.retry.pause_after(attempts).await,
                            }
                            attempts += 1;
                        }
                        Err(error) => return Err(order.error(error, attempts)),
                    }
                }
            }
            stale = false;
            found = self
                .catch_up(&mut session, folded, order.command.clone())
                .await?;
        }
    }

    /// As [`Repository::execute`], inside a transaction of the caller's.
    ///
    /// The outcome counts once the transaction has committed. There is no second attempt: after a
    /// conflict the whole transaction has to be done again.
    ///
    /// ```
    /// # use rehydrate::{Aggregate, Event, ExecuteError, MemoryStore, Repository};
    /// # #[derive(Event, serde::Serialize, serde::Deserialize)]
    /// # enum PurseEvent { Changed { by: i64 } }
    /// # #[derive(Aggregate, Default)]
    /// # #[aggregate(id = u32, event = PurseEvent)]
    /// # struct Purse { cents: i64 }
    /// # impl ApplyPurseEvent for Purse { fn changed(&mut self, by: i64) { self.cents += by; } }
    /// # impl Purse {
    /// #     fn change(&self, by: i64) -> Result<PurseEvent, std::fmt::Error> {
    /// #         Ok(PurseEvent::Changed { by })
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = MemoryStore::new();
    /// let purses: Repository<Purse> = Repository::new(store.clone());
    /// let mut tx = store.begin().await?;
    /// purses.execute_in(&mut tx, &1, |purse| purse.change(-500)).await?;
    /// purses.execute_in(&mut tx, &2, |purse| purse.change(500)).await?;
    /// tx.commit().await?;
    /// assert_eq!(purses.load(&2).await?.cents, 500);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`Repository::execute`]. After an error whose kind is
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused), and after a conflict, the transaction goes
    /// on without this command; after any other error it can only be rolled back.
    pub async fn execute_in<D, E, F>(
        &self,
        transaction: &mut impl Transaction,
        id: &A::Id,
        decide: F,
    ) -> Result<Committed<A>, ExecuteError<E>>
    where
        F: FnOnce(&A) -> Result<D, E>,
        D: IntoEvents<A::Event>,
    {
        self.execute_with_in(transaction, id, CommandContext::new(), decide)
            .await
    }

    /// As [`Repository::execute_with`], inside a transaction of the caller's; see
    /// [`Repository::execute_in`].
    ///
    /// # Errors
    /// As for [`Repository::execute_in`].
    pub async fn execute_with_in<D, E, F>(
        &self,
        transaction: &mut impl Transaction,
        id: &A::Id,
        context: CommandContext,
        decide: F,
    ) -> Result<Committed<A>, ExecuteError<E>>
    where
        F: FnOnce(&A) -> Result<D, E>,
        D: IntoEvents<A::Event>,
    {
        let order = Order::new(self.stream(id).map_err(super::LoadError::from)?, context)?;
        let mut session = Session::Transaction(transaction);
        let mut folded = match self.find_in(&mut session, order.query()).await? {
            Found::State(folded) => folded,
            Found::Committed(first) => {
                let first = order.first_outcome(first)?;
                return self.repeat(&mut session, &order, first, 1).await;
            }
        };
        order.check_version(folded.version)?;
        let events = decide(&folded.state)
            .map_err(ExecuteError::Rejected)?
            .into_events();
        if events.is_empty() {
            return Ok(Committed::new(folded, 0, 1));
        }
        let batch = order.batch(&events, self.now())?;
        let expected = Expected::Exactly(folded.version);
        let appended = session
            .append(&order.stream, expected, &batch)
            .await
            .map_err(|error| order.error(error, 1))?;
        if appended.outcome == Outcome::Repeated {
            return self.repeat(&mut session, &order, appended, 1).await;
        }
        let count = events.len();
        folded.take_appended(events, appended);
        self.settle_after_commit(transaction, &folded);
        Ok(Committed::new(folded, count, 1))
    }

    async fn find_to_decide(
        &self,
        session: &mut Session<'_>,
        order: &Order,
    ) -> Result<Found<A>, super::LoadError> {
        match self.shelf.get(&order.stream) {
            None => self.find_in(session, order.query()).await,
            Some(shelved) if self.shelf.may_be_stale() => Ok(Found::State(shelved)),
            Some(shelved) => self.catch_up(session, shelved, order.command.clone()).await,
        }
    }

    /// The first outcome of a command that was sent again.
    async fn repeat<E>(
        &self,
        session: &mut Session<'_>,
        order: &Order,
        first: Appended,
        attempts: u32,
    ) -> Result<Committed<A>, ExecuteError<E>> {
        let folded = self
            .fold_until(session, order.stream.clone(), first.version)
            .await?;
        Ok(Committed::repeated(folded, attempts))
    }
}

impl<A: Aggregate> Folded<A> {
    fn take_appended(&mut self, events: Vec<A::Event>, appended: Appended) {
        let state = self.state_mut();
        events.into_iter().for_each(|event| state.apply(event));
        self.stand_at(appended);
    }

    pub(super) fn stand_at(&mut self, appended: Appended) {
        self.version = appended.version;
        self.position = appended.position;
        self.recorded_at = Some(appended.recorded_at);
    }
}
