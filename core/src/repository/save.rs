//! The unit of work: record events on a root, save it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rehydrate_port::{Expected, Outcome, Transaction, Version};

use super::load::Found;
use super::order::Order;
use super::session::Session;
use super::{InvalidCommand, Repository, Root, SaveError};
use crate::aggregate::Aggregate;
use crate::command::CommandContext;

impl<A: Aggregate> Repository<A> {
    /// Appends what has been recorded on a root since it was loaded or saved.
    ///
    /// A save that fails loses no pending event and marks none as saved, so it can be called again.
    /// After a conflict the pending events rest on a state that is no longer true: load the
    /// aggregate and decide again. With nothing pending, nothing is read or written.
    ///
    /// # Errors
    /// As for [`Repository::execute`].
    pub async fn save(&self, root: &mut Root<A>) -> Result<(), SaveError> {
        self.save_with(root, CommandContext::new()).await
    }

    /// As [`Repository::save`], with an idempotency key, metadata, a time or an expected version.
    ///
    /// If the idempotency key has been committed before, nothing is appended and the root becomes
    /// the state after the first command.
    ///
    /// # Errors
    /// As for [`Repository::execute_with`].
    pub async fn save_with(
        &self,
        root: &mut Root<A>,
        context: CommandContext,
    ) -> Result<(), SaveError> {
        let mut session = Session::Store(&*self.store);
        match self.append_pending(&mut session, root, context).await? {
            Saving::Nothing => {}
            Saving::Flying(landed) => {
                landed.store(true, Ordering::Release);
                root.settle();
                self.settle(&mut root.folded).await;
            }
            Saving::Repeated(order, version) => {
                *root = Root::new(self.fold_until(&mut session, order.stream, version).await?);
            }
        }
        Ok(())
    }

    /// As [`Repository::save`], inside a transaction of the caller's.
    ///
    /// The events count as saved once the transaction has committed; if it is rolled back, they are
    /// pending again.
    ///
    /// # Errors
    /// As for [`Repository::execute_in`].
    pub async fn save_in(
        &self,
        transaction: &mut impl Transaction,
        root: &mut Root<A>,
    ) -> Result<(), SaveError> {
        self.save_with_in(transaction, root, CommandContext::new())
            .await
    }

    /// As [`Repository::save_with`], inside a transaction of the caller's; see
    /// [`Repository::save_in`].
    ///
    /// # Errors
    /// As for [`Repository::execute_in`].
    pub async fn save_with_in(
        &self,
        transaction: &mut impl Transaction,
        root: &mut Root<A>,
        context: CommandContext,
    ) -> Result<(), SaveError> {
        self.check_store(transaction)?;
        let mut session = Session::Transaction(transaction);
        match self.append_pending(&mut session, root, context).await? {
            Saving::Nothing => {}
            Saving::Flying(landed) => {
                transaction.after_commit(Box::pin(async move {
                    landed.store(true, Ordering::Release);
                }));
                let mut folded = root.folded_in_flight();
                self.settle_after_commit(transaction, &mut folded);
                root.folded.snapshot = folded.snapshot;
            }
            Saving::Repeated(order, version) => {
                *root = self.first_saved(order, version).await?;
            }
        }
        Ok(())
    }

    /// The root after the first save with its key, if that has been committed.
    async fn first_saved(&self, order: Order, version: Version) -> Result<Root<A>, SaveError> {
        let mut session = Session::Store(&*self.store);
        match self.find_in(&mut session, order.query()).await? {
            Found::Committed(_) => {
                let folded = self.fold_until(&mut session, order.stream, version).await?;
                Ok(Root::new(folded))
            }
            // It is part of this transaction, which may never be committed.
            Found::State(_) => Err(InvalidCommand::KeyUsedInTransaction {
                key: order.command.map(|command| command.key).unwrap_or_default(),
            }
            .into()),
        }
    }

    /// Sends the pending events on their flight.
    async fn append_pending(
        &self,
        session: &mut Session<'_>,
        root: &mut Root<A>,
        context: CommandContext,
    ) -> Result<Saving, SaveError> {
        root.settle();
        root.check_writable()?;
        root.folded.clone = self.clone;
        let transaction = session.transaction();
        let (version, events) = root.not_in_flight(transaction)?;
        if events.is_empty() {
            return Ok(Saving::Nothing);
        }
        let order = Order::new(root.stream().clone(), context)?;
        order.check_version(version)?;
        let batch = order.batch(events.to_vec(), self.now());
        let appended = session
            .append(&order.stream, Expected::Exactly(version), &batch)
            .await;
        match appended {
            Ok(appended) if appended.outcome == Outcome::Repeated => {
                Ok(Saving::Repeated(order, appended.version))
            }
            Ok(appended) => Ok(Saving::Flying(root.fly(appended, transaction))),
            Err(error) => {
                // A state that met a conflict is not to be loaded again.
                self.shelf.forget(&order.stream);
                Err(order.error(error, 1))
            }
        }
    }
}

/// What became of the pending events.
enum Saving {
    Nothing,
    /// They are appended; the flag tells the root when that is permanent.
    Flying(Arc<AtomicBool>),
    /// The command was committed before, up to this version.
    Repeated(Order, Version),
}
