//! The workloads.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use eventcore::{RetryPolicy, execute};
use eventcore_types::{BatchSize, EventFilter, EventPage, EventReader, EventStore, collect_events};
use peers_harness::{Account, Counts, Deposit, Id, Loaded, Outcome, Peer, Source, Task};

use crate::account::{AccountEvent, stream};
use crate::commands::{Action, Command};

pub(crate) struct Accounts<S>(pub(crate) S);

impl<S: EventStore + Send + Sync + 'static> Accounts<S> {
    async fn act(&self, id: &Id, source: Source, action: Action) -> Outcome {
        let command = Command::new(id, source, action)?;
        execute(&self.0, command, RetryPolicy::new()).await?;
        Ok(())
    }
}

impl<S: EventStore + Send + Sync + 'static> Peer for Accounts<S> {
    fn loads_from(source: Source) -> bool {
        source != Source::Cache
    }

    fn spawn(task: Task) -> Task {
        peers_shared::spawn(task)
    }

    async fn create(&self, id: &Id) -> Outcome {
        self.act(id, Source::Events, Action::Open).await
    }

    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        self.act(id, source, Action::Deposit(deposit)).await
    }

    // Without a snapshot, which is made by the first command that looks for one.
    async fn batch(&self, id: &Id, _: Source, from: u64, events: u64) -> Outcome {
        let several = Action::Several { from, events };
        self.act(id, Source::Events, several).await
    }

    async fn load(&self, id: &Id, source: Source) -> Outcome<Loaded> {
        if source == Source::Snapshot {
            let seen = Arc::new(Mutex::new(None));
            let look = Action::Look(Arc::clone(&seen));
            self.act(id, source, look).await?;
            let seen = *seen.lock().unwrap_or_else(PoisonError::into_inner);
            return Ok(seen.ok_or("the command was not asked")?);
        }
        let events = self.0.read_stream::<AccountEvent>(stream(&id.text)?);
        let mut account = Account::default();
        for event in collect_events(events.await?).await? {
            event.apply_to(&mut account);
        }
        Ok(account.loaded())
    }
}

/// Pages of the log, without the checkpoint that its projections write after every event.
pub(crate) async fn replay<S>(store: &S) -> Outcome<Counts>
where
    S: EventReader,
    S::Error: Debug,
{
    let mut counts = Counts::default();
    let mut page = EventPage::first(BatchSize::new(1_000));
    loop {
        let events = store
            .read_events::<AccountEvent>(EventFilter::all(), page)
            .await
            .map_err(|error| format!("{error:?}"))?;
        for (event, _) in &events {
            event.count_in(&mut counts);
        }
        match page.next_from_results(&events) {
            Some(next) => page = next,
            None => return Ok(counts),
        }
    }
}
