//! What is looked after while an event is being delivered.

use std::pin::pin;

use futures_util::future::{Either, select};

use super::super::super::RunError;
use super::super::halt::Halt;
use super::Ledger;
use crate::error::whole_text;

impl Ledger {
    /// Does something that may take long, and meanwhile keeps leading and writes down what is due.
    pub(in super::super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            if let Either::Left((done, _)) = select(work.as_mut(), pin!(self.until_duty())).await {
                return done;
            }
            let duty = pin!(self.duty());
            if let Either::Left((done, duty)) = select(work.as_mut(), duty).await {
                duty.await;
                return done;
            }
        }
    }

    async fn until_duty(&self) {
        if self.is_lost {
            return std::future::pending().await;
        }
        let renewal = self.lease.renew_at();
        let at = self.progress.due().map_or(renewal, |due| due.min(renewal));
        tokio::time::sleep_until(at).await;
    }

    /// What goes wrong here is met again by who comes next.
    async fn duty(&mut self) {
        let (kept, written) = (self.keep().await, self.write_if_due().await);
        if let Err(Halt::Failed(error)) = kept {
            self.warn(&error);
            self.lease.put_off();
        }
        match written {
            Err(Halt::Failed(error)) => {
                self.warn(&error);
                self.progress.put_off(self.lease.period() / 4);
            }
            Err(Halt::Lost) => self.is_lost = true,
            // A pause is noticed by whoever looks next.
            Err(Halt::Paused | Halt::Stopped) | Ok(()) => {}
        }
    }

    fn warn(&self, error: &RunError) {
        tracing::warn!(
            consumer = %self.id.consumer,
            error = whole_text(error),
            "the store does not answer while an event is being delivered"
        );
    }
}
