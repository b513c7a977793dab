//! Running reactors.

mod broker;
mod claim;
mod delivery;
mod halt;
mod lease;
mod ledger;
mod progress;
mod release;
mod telling;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use rehydrate_port::Position;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::broker::note_failure;
pub(super) use self::claim::check_relays;
use self::halt::Stop;
pub(crate) use self::release::go_on;
use self::worker::Worker;
use super::running::report;
use super::{RunError, Runner};
use crate::error::whole_text;
use crate::reactor::AnyReactor;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Runs every reactor on a task of its own, until told to stop or until nobody can tell any more.
pub(super) fn start(runner: &Arc<Runner>, stopped: &watch::Receiver<()>) -> Vec<JoinHandle<()>> {
    let reactors = runner.reactors.iter().map(|reactor| {
        let runner = Arc::clone(runner);
        let reactor = Arc::clone(reactor);
        let stop = Stop::new(stopped.clone());
        tokio::spawn(async move { supervise(&runner, &reactor, stop).await })
    });
    reactors.collect()
}

/// Delivers everything up to a position, and whatever is due, to one reactor after the other.
pub(super) async fn drain(runner: &Runner, target: Position) -> Result<(), RunError> {
    let (_open, never) = watch::channel(());
    for reactor in &runner.reactors {
        let stop = Stop::new(never.clone());
        let drained = Worker::new(runner, reactor, stop).drain(target).await;
        if let Err(error) = drained {
            note(runner, &**reactor, &error).await;
            return Err(error);
        }
    }
    Ok(())
}

/// Runs a reactor until it is told to stop, whatever happens.
async fn supervise(runner: &Runner, reactor: &Arc<dyn AnyReactor>, stop: Stop) {
    let name = reactor.definition().name;
    // It remembers what it has not been able to write down.
    let mut worker = Worker::new(runner, reactor, stop.clone());
    let mut pause = FIRST_PAUSE;
    let mut attempts = 0;
    loop {
        let started = tokio::time::Instant::now();
        let Err(error) = worker.run().await else {
            return;
        };
        if started.elapsed() > LONGEST_PAUSE {
            (pause, attempts) = (FIRST_PAUSE, 0);
        }
        attempts += 1;
        tracing::warn!(
            consumer = name,
            attempts,
            error = whole_text(&error),
            "a reactor has stopped, and is started again"
        );
        let is_others = matches!(
            error,
            RunError::NotAReactor { .. }
                | RunError::NotARelay { .. }
                | RunError::OtherDestination { .. }
        );
        if !is_others {
            report(runner, name, &error, attempts, pause).await;
        }
        note(runner, &**reactor, &error).await;
        // Whoever is told to stop meanwhile tries once more to write down what it knows.
        let _ = stop.sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Notes what stands in the way of a relay, for those who look at it later.
async fn note(runner: &Runner, reactor: &dyn AnyReactor, error: &RunError) {
    let is_noted = !matches!(error, RunError::NotARelay { .. } | RunError::Paused { .. });
    if reactor.destination().is_some() && is_noted {
        note_failure(runner, reactor.definition().name, error).await;
    }
}
