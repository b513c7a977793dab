//! What those who follow the log cost those who write to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rehydrate::{EventStore, LogQuery, Position};
use tokio::task::JoinHandle;

use crate::log::{self, Writer};

const WRITERS: u64 = 8;
const FOLLOWERS: usize = 4;
const ROUNDS: usize = 5;
const TURN: Duration = Duration::from_secs(3);

/// Writers alone and with followers, in turns.
pub(crate) async fn measure(name: &str, store: &Arc<dyn EventStore>, size: u64) {
    // Few accounts, whose versions are soon known.
    let size = size.min(40_000);
    let mut ratios = Vec::new();
    let mut rates = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let alone = write(store, size).await;
        let follow = Arc::new(AtomicBool::new(true));
        let begin = store.watermark().await.expect("there is one");
        let followers: Vec<_> = (0..FOLLOWERS)
            .map(|_| Follower::start(store, begin, &follow))
            .collect();
        let followed = write(store, size).await;
        let end = store.watermark().await.expect("there is one");
        for follower in &followers {
            follower.wait_for(end).await;
        }
        follow.store(false, Ordering::Relaxed);
        for follower in followers {
            let seen = follower.task.await.expect("it follows to the end");
            assert_eq!(
                seen,
                end.get() - begin.get(),
                "a follower saw each event once"
            );
        }
        ratios.push(followed / alone);
        rates.0.push(alone);
        rates.1.push(followed);
    }
    println!(
        "{name}: {WRITERS} writers append {:.0} events/s, with {FOLLOWERS} followers {:.0}: {:.2} of it (medians of {ROUNDS} turns)",
        median(&mut rates.0),
        median(&mut rates.1),
        median(&mut ratios)
    );
}

/// Appends for a while: events a second.
async fn write(store: &Arc<dyn EventStore>, size: u64) -> f64 {
    let begun = Instant::now();
    let writers = (0..WRITERS).map(|number| {
        let mut writer = Writer::new(Arc::clone(store), &log::accounts(size), WRITERS, number);
        tokio::spawn(async move {
            let mut appended = 0_u32;
            while begun.elapsed() < TURN {
                writer.append().await;
                appended += 1;
            }
            appended
        })
    });
    let appended = join_all(writers).await;
    let appended: u32 = appended
        .into_iter()
        .map(|appended| appended.expect("the writer comes to its end"))
        .sum();
    f64::from(appended) / begun.elapsed().as_secs_f64()
}

/// Reads what comes, as whoever folds it.
struct Follower {
    position: Arc<AtomicU64>,
    task: JoinHandle<u64>,
}

impl Follower {
    fn start(store: &Arc<dyn EventStore>, begin: Position, follow: &Arc<AtomicBool>) -> Self {
        let position = Arc::new(AtomicU64::new(begin.get()));
        let (store, follow, reached) =
            (Arc::clone(store), Arc::clone(follow), Arc::clone(&position));
        let task = tokio::spawn(async move {
            let mut at = begin;
            let mut seen = 0;
            while follow.load(Ordering::Relaxed) {
                let wait = store.wait_past(at, Duration::from_millis(100)).await;
                wait.expect("the store can be waited for");
                let page = store.read_log(&LogQuery::after(at)).await;
                let page = page.expect("the log can be read");
                seen += page.events.len() as u64;
                at = page.read_to;
                reached.store(at.get(), Ordering::Relaxed);
            }
            seen
        });
        Self { position, task }
    }

    async fn wait_for(&self, end: Position) {
        while self.position.load(Ordering::Relaxed) < end.get() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
