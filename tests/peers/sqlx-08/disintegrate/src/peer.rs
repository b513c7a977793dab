//! The workloads.

use std::sync::atomic::{AtomicU32, Ordering};

use disintegrate::serde::json::Json;
use disintegrate::{
    DecisionError, EventSourcedStateStore, EventStore, LoadState, NoSnapshot, StreamItem,
    StreamQuery, WithSnapshot, query,
};
use disintegrate_postgres::{
    PgDecisionMaker, PgEventId, PgEventStore, PgSnapshotter, WithPgSnapshot, decision_maker,
};
use futures_util::StreamExt;
use peers_harness::{Counts, Deposit, Id, Loaded, Outcome, Peer, Source, Task};
use sqlx::PgPool;

use crate::account::{AccountEvent, AccountState};
use crate::decisions::{DepositAmount, Open, Several};

/// How often a writer has met a conflict with a writer of another account.
pub(crate) static RETRIES: AtomicU32 = AtomicU32::new(0);

type Format = Json<AccountEvent>;
type Store = PgEventStore<AccountEvent, Format>;

pub(crate) struct Accounts {
    plain: PgDecisionMaker<AccountEvent, Format, NoSnapshot>,
    snapshots: PgDecisionMaker<AccountEvent, Format, WithPgSnapshot>,
    plain_states: EventSourcedStateStore<PgEventId, AccountEvent, Store, NoSnapshot>,
    snapshot_states: EventSourcedStateStore<PgEventId, AccountEvent, Store, WithPgSnapshot>,
}

impl Accounts {
    pub(crate) fn new(pool: PgPool) -> Self {
        let store = PgEventStore::new_uninitialized(pool.clone(), Json::default());
        let snapshotter = PgSnapshotter::new_uninitialized(pool, 50);
        let with_snapshot = WithSnapshot::new(snapshotter.clone());
        Self {
            plain: decision_maker(store.clone(), NoSnapshot),
            snapshots: decision_maker(store.clone(), with_snapshot),
            plain_states: EventSourcedStateStore::new(store.clone(), NoSnapshot),
            snapshot_states: EventSourcedStateStore::new(store, WithSnapshot::new(snapshotter)),
        }
    }
}

impl Peer for Accounts {
    fn loads_from(source: Source) -> bool {
        source != Source::Cache
    }

    fn spawn(task: Task) -> Task {
        peers_shared::spawn(task)
    }

    // An append is a serializable transaction, and those of different accounts fail each other: that
    // is left to the caller to try again.
    async fn create(&self, id: &Id) -> Outcome {
        loop {
            match self.plain.make(Open(id.clone())).await {
                Ok(_) => return Ok(()),
                Err(DecisionError::StateStore(error)) => {
                    let text = error.to_string();
                    if !text.contains("concurrent") && !text.contains("could not serialize") {
                        return Err(error);
                    }
                    RETRIES.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => return Err(error.to_string().into()),
            }
        }
    }

    async fn command(&self, id: &Id, source: Source, deposit: Deposit) -> Outcome {
        let decision = DepositAmount(id.clone(), deposit);
        let made = if source == Source::Snapshot {
            self.snapshots.make(decision).await
        } else {
            self.plain.make(decision).await
        };
        made.map(drop).map_err(|error| error.to_string().into())
    }

    async fn batch(&self, id: &Id, source: Source, from: u64, events: u64) -> Outcome {
        let id = id.clone();
        let decision = Several { id, from, events };
        let made = if source == Source::Snapshot {
            self.snapshots.make(decision).await
        } else {
            self.plain.make(decision).await
        };
        made.map(drop).map_err(|error| error.to_string().into())
    }

    async fn load(&self, id: &Id, source: Source) -> Outcome<Loaded> {
        let state = AccountState::of(&id.text);
        let state = if source == Source::Snapshot {
            self.snapshot_states.load(state).await?
        } else {
            self.plain_states.load(state).await?
        };
        Ok(state.state().account.loaded())
    }
}

/// All events, as the store streams them: faster than its listener.
pub(crate) async fn replay(pool: PgPool) -> Outcome<Counts> {
    let store: Store = PgEventStore::new_uninitialized(pool, Json::default());
    let all: StreamQuery<PgEventId, AccountEvent> = query!(AccountEvent);
    let mut events = store.stream(&all);
    let mut counts = Counts::default();
    while let Some(item) = events.next().await {
        if let StreamItem::Event(event) = item? {
            event.is_counted_in(&mut counts);
        }
    }
    Ok(counts)
}
