//! What a contestant has to be able to do.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::arguments::{Arguments, Phase};
use crate::domain::Deposit;
use crate::id::Id;
use crate::{commands, seed};

/// Why a contestant did not get on.
pub type Failure = Box<dyn Error + Send + Sync>;

/// What everything here returns.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Something that runs on a contestant's own runtime.
pub type Task = Pin<Box<dyn Future<Output = Outcome> + Send + 'static>>;

/// What a state is loaded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// From all of its events.
    Events,
    /// From a snapshot, and the events after it; one is kept every 50 events.
    Snapshot,
    /// From the memory of this process.
    Cache,
}

/// What a load has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Loaded {
    pub balance: i64,
    pub tx_count: u64,
}

/// A framework, or a variant of doing the same by hand.
pub trait Peer: Send + Sync + Sized + 'static {
    /// Whether it can load from what this says. Whoever loads, loads from events.
    fn loads_from(source: Source) -> bool {
        source == Source::Events
    }

    /// Starts a task on its own runtime; what is returned waits for it.
    fn spawn(task: Task) -> Task;

    /// Stores a new account with its first event.
    fn create(&self, id: &Id) -> impl Future<Output = Outcome> + Send;

    /// Loads, decides, and appends one event.
    fn command(
        &self,
        id: &Id,
        source: Source,
        deposit: Deposit,
    ) -> impl Future<Output = Outcome> + Send;

    /// Stores so many events, from number `from`, in one commit. The account is new if `from` is 0.
    fn batch(
        &self,
        id: &Id,
        source: Source,
        from: u64,
        events: u64,
    ) -> impl Future<Output = Outcome> + Send;

    /// Loads.
    fn load(&self, id: &Id, source: Source) -> impl Future<Output = Outcome<Loaded>> + Send;

    /// Sees to it that there is a snapshot of an account as it is.
    ///
    /// As it stands, for those that write one when they load.
    fn make_snapshot(&self, id: &Id) -> impl Future<Output = Outcome> + Send {
        async move { self.load(id, Source::Snapshot).await.map(drop) }
    }

    /// Called after the seeding, for those whose reads lag behind.
    fn settle(&self) -> impl Future<Output = Outcome> + Send {
        async { Ok(()) }
    }
}

/// Runs the phases that are the same for every contestant; `connect` gets the number of connections.
///
/// # Errors
/// The contestant failed, or it came to a wrong result.
pub async fn run<P, C, F>(arguments: &Arguments, connect: C) -> Outcome
where
    P: Peer,
    C: Fn(usize) -> F,
    F: Future<Output = Outcome<P>>,
{
    let sizes = &arguments.sizes;
    match arguments.phase {
        Phase::SeedReplay => seed::replay(&connect(1).await?, sizes).await,
        Phase::SeedCommands => seed::commands(&connect(1).await?, sizes).await,
        Phase::Commands => {
            let workloads = &arguments.workloads;
            commands::measure(&connect(1).await?, sizes, workloads).await?;
            if workloads.has("w1") {
                let writers = usize::try_from(sizes.writers)?;
                let peer = Arc::new(connect(writers).await?);
                commands::create_at_once(&peer, sizes).await?;
            }
            Ok(())
        }
        Phase::Replay | Phase::Fold => Err("this contestant does not do that".into()),
    }
}
