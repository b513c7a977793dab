//! Many writers, some slow, some rolled back, and readers who follow them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use rehydrate::{
    Batch, ErrorKind, EventStore, Expected, Fingerprint, LogQuery, NewEvent, Outcome, Position,
    RecordedTime, SchemaVersion, StoreError, StreamId, Version,
};

/// How often a store that cannot be reached is tried, and how long is waited in between: a minute.
const TRIES: usize = 1_200;
const PAUSE: Duration = Duration::from_millis(50);

/// How much there is to do.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Writers, each in turns plain, slow and rolled back.
    pub writers: usize,
    /// Turns of each writer; one in ten is slow, one in ten is rolled back.
    pub turns: usize,
    /// Readers who follow the log.
    pub readers: usize,
    /// How long a slow writer keeps its transaction open.
    pub slowness: Duration,
    /// Whether whoever loses its connection sends its command again.
    pub persistence: Persistence,
}

/// What a writer does when the store cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// It fails the test.
    None,
    /// It sends the same command, with the same key, until it is answered.
    TryAgain,
}

impl Plan {
    /// 12 writers and 4 readers; `REHYDRATE_STRESS_TURNS` says how many turns each writer has.
    #[must_use]
    pub fn new(turns: usize) -> Self {
        let wanted = std::env::var("REHYDRATE_STRESS_TURNS");
        Self {
            writers: 12,
            turns: wanted
                .ok()
                .and_then(|turns| turns.parse().ok())
                .unwrap_or(turns),
            readers: 4,
            slowness: Duration::from_millis(20),
            persistence: Persistence::None,
        }
    }
}

/// What a reader has seen: the number of each event, and where it stood.
pub type Seen = Vec<(Position, u64)>;

/// What came of it.
#[derive(Debug)]
pub struct Outcomes {
    /// The numbers of the events that were acknowledged.
    pub committed: Vec<u64>,
    /// How many events were rolled back.
    pub rolled_back: usize,
    /// How often a command was sent again because its outcome was unknown or the store was away.
    pub sent_again: usize,
    /// What each reader has seen.
    pub readers: Vec<Seen>,
}

impl Outcomes {
    /// How many committed events a reader has not seen, and how many it has seen twice.
    #[must_use]
    pub fn lost_and_repeated(&self, seen: &Seen) -> (usize, usize) {
        let mut counts: HashMap<u64, usize> = HashMap::new();
        for (_, number) in seen {
            *counts.entry(*number).or_default() += 1;
        }
        let lost = self
            .committed
            .iter()
            .filter(|number| !counts.contains_key(number));
        (
            lost.count(),
            counts.values().filter(|count| **count > 1).count(),
        )
    }

    /// Every committed event was seen by every reader once, and in order.
    ///
    /// # Panics
    /// It was not so.
    pub fn assert_exact(&self) {
        let mut committed = self.committed.clone();
        committed.sort_unstable();
        for (reader, seen) in self.readers.iter().enumerate() {
            assert!(
                seen.is_sorted_by(|one, next| one.0 < next.0),
                "reader {reader} saw positions that do not increase"
            );
            let mut numbers: Vec<u64> = seen.iter().map(|(_, number)| *number).collect();
            numbers.sort_unstable();
            let (lost, repeated) = self.lost_and_repeated(seen);
            assert_eq!(
                (lost, repeated),
                (0, 0),
                "reader {reader} lost or repeated events"
            );
            assert_eq!(
                numbers, committed,
                "reader {reader} saw what was not committed"
            );
        }
    }
}

/// Runs the plan to its end.
///
/// # Panics
/// A writer or a reader fails in a way that the plan does not allow.
pub async fn run(store: Arc<dyn EventStore>, plan: Plan) -> Outcomes {
    let busy = Arc::new(AtomicUsize::new(plan.writers));
    let readers = (0..plan.readers).map(|_| {
        let (store, busy) = (Arc::clone(&store), Arc::clone(&busy));
        tokio::spawn(follow(store, busy, plan))
    });
    let readers: Vec<_> = readers.collect();
    let writers = (0..plan.writers).map(|writer| {
        let (store, busy) = (Arc::clone(&store), Arc::clone(&busy));
        tokio::spawn(async move {
            let mut written = Written::default();
            for turn in 0..plan.turns {
                take_turn(&*store, plan, writer, turn, &mut written).await;
            }
            busy.fetch_sub(1, Ordering::SeqCst);
            written
        })
    });
    let mut outcomes = Outcomes {
        committed: Vec::new(),
        rolled_back: 0,
        sent_again: 0,
        readers: Vec::new(),
    };
    for written in join_all(writers).await {
        let written = written.expect("a writer comes to its end");
        outcomes.committed.extend(written.committed);
        outcomes.rolled_back += written.rolled_back;
        outcomes.sent_again += written.sent_again;
    }
    for seen in join_all(readers).await {
        outcomes
            .readers
            .push(seen.expect("a reader comes to its end"));
    }
    outcomes
}

#[derive(Default)]
struct Written {
    committed: Vec<u64>,
    rolled_back: usize,
    sent_again: usize,
}

async fn take_turn(
    store: &dyn EventStore,
    plan: Plan,
    writer: usize,
    turn: usize,
    written: &mut Written,
) {
    let number = (writer * 1_000_000 + turn) as u64;
    let stream = StreamId::new("stress", writer % 5 + writer).expect("a good name");
    let batch = Batch {
        command: Some(rehydrate::Command {
            key: format!("turn {number}"),
            fingerprint: Fingerprint(0),
        }),
        ..Batch::new(
            vec![NewEvent::new("turn", SchemaVersion(1), number.to_string())],
            RecordedTime::Clock(chrono::Utc::now()),
        )
    };
    let mut tries = 0;
    loop {
        let done = match turn % 10 {
            3 => slow(store, &stream, &batch, plan.slowness).await,
            7 => rolled_back(store, &stream, &batch).await,
            _ => store
                .append(&stream, Expected::Any, &batch)
                .await
                .map(|appended| appended.outcome),
        };
        match done {
            Ok(_) if turn % 10 == 7 => written.rolled_back += 1,
            Ok(_) => written.committed.push(number),
            // Writers of one stream may meet in a transaction; nothing was written.
            Err(StoreError::Conflict { .. }) => continue,
            Err(error)
                if plan.persistence == Persistence::TryAgain
                    && matches!(error.kind(), ErrorKind::TryAgain | ErrorKind::Unknown) =>
            {
                written.sent_again += 1;
                tries += 1;
                assert!(tries < TRIES, "the store stays away: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(error) => panic!("writer {writer}, turn {turn}: {error}: {error:?}"),
        }
        return;
    }
}

async fn slow(
    store: &dyn EventStore,
    stream: &StreamId,
    batch: &Batch,
    slowness: Duration,
) -> Result<Outcome, StoreError> {
    let mut transaction = store.begin().await?;
    let appended = transaction.append(stream, Expected::Any, batch).await?;
    tokio::time::sleep(slowness).await;
    transaction.commit().await?;
    Ok(appended.outcome)
}

async fn rolled_back(
    store: &dyn EventStore,
    stream: &StreamId,
    batch: &Batch,
) -> Result<Outcome, StoreError> {
    let mut transaction = store.begin().await?;
    let appended = transaction.append(stream, Expected::Any, batch).await?;
    Ok(appended.outcome)
}

async fn follow(store: Arc<dyn EventStore>, busy: Arc<AtomicUsize>, plan: Plan) -> Seen {
    let mut seen = Vec::new();
    let mut versions: BTreeMap<String, Version> = BTreeMap::new();
    let mut query = LogQuery {
        limit: 200,
        ..LogQuery::after(Position::ZERO)
    };
    let mut tries = 0;
    loop {
        let finished = busy.load(Ordering::SeqCst) == 0;
        let page = match store.read_log(&query).await {
            Ok(page) => page,
            Err(error)
                if plan.persistence == Persistence::TryAgain
                    && matches!(error.kind(), ErrorKind::TryAgain | ErrorKind::Unknown) =>
            {
                tries += 1;
                assert!(tries < TRIES, "the store stays away: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(error) => panic!("a reader: {error}: {error:?}"),
        };
        tries = 0;
        for event in &page.events {
            let last = versions.insert(event.stream_id.to_owned(), event.version);
            let expected = last.unwrap_or(Version::ZERO).next();
            assert_eq!(
                event.version, expected,
                "stream {} is read in order",
                event.stream_id
            );
            seen.push((event.position, event.payload.parse().expect("a number")));
        }
        if page.read_to == query.after {
            if finished {
                return seen;
            }
            let _ = store
                .wait_past(page.read_to, Duration::from_millis(20))
                .await;
        }
        query.after = page.read_to;
    }
}
