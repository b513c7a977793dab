//! The unit of work: record events on a root, save it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::order::Order;
use super::session::Session;
use super::{Repository, Root, SaveError};
use crate::aggregate::Aggregate;
use crate::command::CommandContext;
use crate::store::{Appended, Outcome, Transaction};
use crate::stream::Expected;

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
        if let Some(landed) = self.append_pending(&mut session, root, context).await? {
            landed.store(true, Ordering::Release);
            root.settle();
            self.settle(&mut root.folded).await;
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
        let mut session = Session::Transaction(transaction);
        if let Some(landed) = self.append_pending(&mut session, root, context).await? {
            transaction.after_commit(Box::pin(async move {
                landed.store(true, Ordering::Release);
            }));
            self.settle_after_commit(transaction, &root.folded_in_flight());
        }
        Ok(())
    }

    /// Sends the pending events on their flight; the flag tells the root when they have landed.
    async fn append_pending(
        &self,
        session: &mut Session<'_>,
        root: &mut Root<A>,
        context: CommandContext,
    ) -> Result<Option<Arc<AtomicBool>>, SaveError> {
        root.settle();
        root.check_writable()?;
        let (version, events) = root.not_in_flight();
        if events.is_empty() {
            return Ok(None);
        }
        let order = Order::new(root.stream().clone(), context)?;
        order.check_version(version)?;
        let batch = order.batch_of(events.to_vec(), self.now());
        let appended = session
            .append(&order.stream, Expected::Exactly(version), &batch)
            .await
            .map_err(|error| order.error(error, 1))?;
        match appended {
            Appended {
                outcome: Outcome::Repeated,
                version,
                ..
            } => {
                let folded = self.fold_until(session, order.stream, version).await?;
                *root = Root::new(folded);
                Ok(None)
            }
            appended => Ok(Some(root.fly(appended))),
        }
    }
}
