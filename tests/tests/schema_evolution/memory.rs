//! How much of a log a verification holds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use rehydrate::{
    Aggregate, Batch, Event, EventStore, Expected, MemoryStore, NewEvent, RecordedTime,
    SchemaVersion, VerifiedLog, VerifyLog,
};
use rehydrate_tests::watched::Watched;
use serde::{Deserialize, Deserializer, Serialize};

use crate::past::at;

/// A page that is decoded, one that waits for it, and the next one.
const AHEAD: usize = 3;

/// Nothing of a gated event is read before it is open.
static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

/// Opens the gate, even if a test ends early: a runtime waits for its threads.
struct Opened;

impl Drop for Opened {
    fn drop(&mut self) {
        *GATE.0.lock().unwrap() = true;
        GATE.1.notify_all();
    }
}

/// Events that are in memory now, and how many there were at the most.
static ALIVE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[derive(Serialize)]
struct Counted;

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let closed = GATE.0.lock().unwrap();
        drop(GATE.1.wait_while(closed, |is_open| !*is_open).unwrap());
        u64::deserialize(deserializer)?;
        let alive = ALIVE.fetch_add(1, Ordering::SeqCst) + 1;
        MOST.fetch_max(alive, Ordering::SeqCst);
        Ok(Self)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Event, Serialize, Deserialize)]
enum GateEvent {
    Passed { number: Counted },
}

#[derive(Aggregate, Default)]
#[aggregate(id = String, event = GateEvent)]
struct Gate;

impl ApplyGateEvent for Gate {
    fn passed(&mut self, _: Counted) {}
}

/// Adds so many events, one of a thousand of which cannot be read.
async fn fill(store: &dyn EventStore, events: usize) {
    let each = 1_000;
    for _ in 0..events / each {
        let event = |number| {
            let payload = match number {
                0 => r#"{"number":"none"}"#.to_owned(),
                _ => format!(r#"{{"number":{number}}}"#),
            };
            NewEvent::new("passed", SchemaVersion(1), payload)
        };
        let batch = Batch::new((0..each).map(event).collect(), RecordedTime::Clock(at(0)));
        let stream = "gate/1".parse().unwrap();
        store.append(&stream, Expected::Any, &batch).await.unwrap();
    }
}

/// How often the log has been read since this was last asked.
fn pages(store: &Watched) -> usize {
    let calls = store.calls();
    calls.iter().filter(|call| *call == "read log").count()
}

fn size(verified: &VerifiedLog) -> usize {
    format!("{verified:?}").len()
}

#[tokio::test]
async fn a_verification_reads_a_few_pages_ahead_and_keeps_no_events() {
    let log = Arc::new(MemoryStore::new());
    fill(&*log, 100_000).await;
    let store = Watched::new(log.clone());
    let verify = VerifyLog::new().aggregate::<Gate>();
    let closed = Opened;
    let read = AtomicUsize::new(0);
    let decoded = AtomicUsize::new(0);
    let mut run = Box::pin(verify.run(&store, |_| {
        let new = pages(&store);
        let read = read.fetch_add(new, Ordering::SeqCst) + new;
        let decoded = decoded.fetch_add(1, Ordering::SeqCst);
        assert!(read <= decoded + AHEAD, "{read} read, {decoded} decoded");
    }));
    // The store answers at once, so all that is read without a decoded page is read now.
    for _ in 0..100 {
        tokio::select! {
            biased;
            verified = &mut run => panic!("nothing can be decoded yet: {verified:?}"),
            () = tokio::task::yield_now() => {}
        }
    }
    let ahead = pages(&store);
    assert!((1..=AHEAD).contains(&ahead), "{ahead} pages read");
    assert_eq!(MOST.load(Ordering::SeqCst), 0);
    read.store(ahead, Ordering::SeqCst);
    drop(closed);
    let long = run.await.unwrap();
    assert_eq!((long.events, long.failed()), (100_000, 100));
    assert!(decoded.into_inner() >= 20, "a page has 5,000 events");
    // One for each page that is decoded at once.
    assert!(MOST.load(Ordering::SeqCst) <= AHEAD);
    assert_eq!(ALIVE.load(Ordering::SeqCst), 0);
    let short = Arc::new(MemoryStore::new());
    fill(&*short, 10_000).await;
    let short = verify.run(&*short, |_| ()).await.unwrap();
    assert!(size(&long) <= size(&short) + 10, "{long:?}");
}
