//! Load, decide, append; and again after a conflict.

use rehydrate_port::{Appended, Expected, Outcome, StoreError, Transaction, Version};

use super::folded::Folded;
use super::load::Found;
use super::order::Order;
use super::session::Session;
use super::written::Written;
use super::{Committed, ExecuteError, InvalidCommand, LoadError, Repository};
use crate::aggregate::Aggregate;
use crate::command::CommandContext;
use crate::error::EncodeError;
use crate::event::{Decoded, IntoEvents};

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

    /// Decides on an aggregate that nobody has stored yet, and appends what was decided: one round
    /// trip to the store, because nothing is read.
    ///
    /// It is [`Repository::execute_with`] with [`expected_version`](CommandContext::expected_version)
    /// 0, and that is how metadata, an idempotency key or a time are added to it.
    ///
    /// # Errors
    /// [`ExecuteError::VersionMismatch`]: somebody has stored it. [`ExecuteError::Rejected`]: the
    /// aggregate refused. The rest: see [`ExecuteError::kind`].
    pub async fn create<D, E, F>(
        &self,
        id: &A::Id,
        decide: F,
    ) -> Result<Committed<A>, ExecuteError<E>>
    where
        F: Fn(&A) -> Result<D, E>,
        D: IntoEvents<A::Event>,
    {
        let context = CommandContext::new().expected_version(Version::ZERO);
        self.execute_with(id, context, decide).await
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
        let order = Order::new(self.stream(id).map_err(LoadError::from)?, context)?;
        let mut session = Session::Store(&*self.store);
        let (mut found, mut stale) = self.find_to_decide(&mut session, &order).await?;
        let mut turn = None;
        let mut attempts = 1;
        loop {
            let folded = match found {
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
                Ok(events) => {
                    let outcome = self.append(&mut session, &order, &folded, events).await;
                    let conflict = match outcome {
                        Ok(Appending::Nothing) => return Ok(Committed::new(folded, 0, attempts)),
                        Ok(Appending::Repeated(first)) => {
                            return self.repeat(&mut session, &order, first, attempts).await;
                        }
                        Ok(Appending::Done(events, appended)) => {
                            let mut folded = folded;
                            let count = events.len();
                            folded.take_appended(events, appended);
                            self.settle(&mut folded).await;
                            return Ok(Committed::new(folded, count, attempts));
                        }
                        Err(NotAppended::Store(error @ StoreError::Conflict { .. })) => error,
                        Err(error) => return Err(error.of(&order, attempts)),
                    };
                    self.shelf.forget(&order.stream);
                    if !order.may_decide_again()
                        || !(stale || self.retry.allows_another_after(attempts))
                    {
                        return Err(order.error(conflict, attempts));
                    }
                    // An attempt on a stale state was only a way to notice that.
                    attempts += u32::from(!stale);
                    match turn {
                        None => turn = Some(self.queue.turn(&order.stream).await),
                        Some(_) => self.retry.pause_after(attempts).await,
                    }
                }
            }
            stale = false;
            found = self
                .catch_up(&mut session, folded, order.command.clone())
                .await?;
            if let Found::State(folded) = &found {
                self.shelf.put(folded);
            }
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
    /// on without this command; after any other error it can only be rolled back. So it is if the
    /// future is dropped before its end.
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
        self.check_store(transaction)?;
        let order = Order::new(self.stream(id).map_err(LoadError::from)?, context)?;
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
        let outcome = self.append(&mut session, &order, &folded, events).await;
        match outcome.map_err(|error| error.of(&order, 1))? {
            Appending::Nothing => Ok(Committed::new(folded, 0, 1)),
            Appending::Repeated(first) => self.repeat(&mut session, &order, first, 1).await,
            Appending::Done(events, appended) => {
                let count = events.len();
                folded.take_appended(events, appended);
                self.settle_after_commit(transaction, &mut folded);
                Ok(Committed::new(folded, count, 1))
            }
        }
    }

    pub(super) fn check_store(&self, transaction: &impl Transaction) -> Result<(), InvalidCommand> {
        if transaction.store() == self.store.identity() {
            Ok(())
        } else {
            Err(InvalidCommand::ForeignTransaction)
        }
    }

    async fn append(
        &self,
        session: &mut Session<'_>,
        order: &Order,
        folded: &Folded<A>,
        events: Vec<A::Event>,
    ) -> Result<Appending<A>, NotAppended> {
        if events.is_empty() {
            return Ok(Appending::Nothing);
        }
        let written = events.iter().map(Written::of::<A>);
        let written: Vec<_> = written.collect::<Result<_, _>>()?;
        drop(events);
        let (new, read) = written
            .into_iter()
            .map(|event| (event.new, event.read))
            .unzip();
        let batch = order.batch(new, self.now());
        let expected = Expected::Exactly(folded.version);
        let appended = session.append(&order.stream, expected, &batch).await?;
        Ok(match appended.outcome {
            Outcome::Written => Appending::Done(read, appended),
            Outcome::Repeated => Appending::Repeated(appended),
        })
    }

    /// The state to decide on, and whether nobody has compared it with the store yet.
    async fn find_to_decide(
        &self,
        session: &mut Session<'_>,
        order: &Order,
    ) -> Result<(Found<A>, bool), LoadError> {
        match self.shelf.get(&order.stream) {
            // Whether it is new is what the append will say.
            None if order.is_for_a_new_one() => {
                let folded = Folded::new(order.stream.clone(), self.clone);
                Ok((Found::State(folded), true))
            }
            None => Ok((self.find_in(session, order.query()).await?, false)),
            Some(shelved) if self.shelf.may_be_stale() => Ok((Found::State(shelved), true)),
            Some(shelved) => {
                let command = order.command.clone();
                Ok((self.catch_up(session, shelved, command).await?, false))
            }
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

/// What became of a decision.
enum Appending<A: Aggregate> {
    Nothing,
    Done(Vec<Decoded<A::Event>>, Appended),
    Repeated(Appended),
}

/// Why a decision was not appended.
enum NotAppended {
    Encode(EncodeError),
    Store(StoreError),
}

impl NotAppended {
    fn of<E>(self, order: &Order, attempts: u32) -> ExecuteError<E> {
        match self {
            Self::Encode(error) => error.into(),
            Self::Store(error) => order.error(error, attempts),
        }
    }
}

impl From<EncodeError> for NotAppended {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<StoreError> for NotAppended {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<A: Aggregate> Folded<A> {
    fn take_appended(&mut self, events: Vec<Decoded<A::Event>>, appended: Appended) {
        events.into_iter().for_each(|event| self.apply(event));
        self.stand_at(appended);
    }

    pub(super) fn stand_at(&mut self, appended: Appended) {
        self.version = appended.version;
        self.position = appended.position;
        self.recorded_at = Some(appended.recorded_at);
    }
}
