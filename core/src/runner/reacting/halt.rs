//! Why a worker does not go on.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use rehydrate_port::StoreError;
use tokio::sync::watch;

use super::super::RunError;

/// Why a worker does not go on.
#[derive(Debug)]
pub(super) enum Halt {
    /// It was told to stop.
    Stopped,
    /// Somebody else leads, or has led in between.
    Lost,
    /// Somebody has told the reactor to stand still.
    Paused,
    /// It cannot.
    Failed(RunError),
}

impl From<RunError> for Halt {
    fn from(error: RunError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Tells a worker that it is to stop.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<()>);

impl Stop {
    pub(super) fn new(stopped: watch::Receiver<()>) -> Self {
        Self(stopped)
    }

    pub(super) fn check(&self) -> Result<(), Halt> {
        match self.0.has_changed() {
            Ok(false) => Ok(()),
            Ok(true) | Err(_) => Err(Halt::Stopped),
        }
    }

    pub(super) async fn sleep(&self, duration: Duration) -> Result<(), Halt> {
        self.unless_stopped(tokio::time::sleep(duration)).await
    }

    /// Waits for something that may be given up at any time.
    pub(super) async fn unless_stopped<T>(
        &self,
        waiting: impl Future<Output = T>,
    ) -> Result<T, Halt> {
        // A receiver that has seen the change would not see it again.
        let mut stopped = self.0.clone();
        match select(pin!(stopped.changed()), pin!(waiting)).await {
            Either::Left(_) => Err(Halt::Stopped),
            Either::Right((done, _)) => Ok(done),
        }
    }
}
