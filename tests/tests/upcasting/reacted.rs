//! Reactors: each part of a split event is told by itself, and has a key of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use rehydrate::{
    Attempt, DeliveryState, EventStore, Failure, ManualClock, Operations, Position, Reaction,
    Reactor, Recorded, Retries, Runner, Start,
};
use rehydrate_tests::stores::on_every_store;

use crate::domain::{Wallet, WalletEvent, spent};
use crate::{Stored, append, history};

/// What the reactor was told.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    stream: String,
    position: Position,
    part: usize,
    key: String,
    number: u32,
    event: WalletEvent,
}

/// Remembers what it was told, and fails at some events as long as it is to.
#[derive(Clone, Default)]
struct Letters {
    told: Arc<Mutex<Vec<Told>>>,
    fails_at: Arc<Mutex<Option<WalletEvent>>>,
}

impl Reactor for Letters {
    type Events = Wallet;
    const NAME: &'static str = "letters";
    const START: Start = Start::Beginning;
    const RETRIES: Retries = Retries {
        attempts: 2,
        first: Duration::from_secs(1),
        ..Retries::DEFAULT
    };

    async fn react(
        &self,
        event: &Recorded<'_, WalletEvent>,
        attempt: &Attempt,
    ) -> Result<Reaction, Failure> {
        self.told.lock().unwrap().push(Told {
            stream: event.id()?,
            position: event.position,
            part: event.part,
            key: attempt.key().to_owned(),
            number: attempt.number(),
            event: event.event.clone(),
        });
        match &*self.fails_at.lock().unwrap() {
            Some(fault) if *fault == event.event => Err(Failure::transient("no stamps")),
            _ => Ok(Reaction::Done),
        }
    }
}

struct Stage {
    store: Arc<dyn EventStore>,
    clock: Arc<ManualClock>,
    letters: Letters,
}

impl Stage {
    fn new(store: Arc<dyn EventStore>) -> Self {
        Self {
            store,
            clock: Arc::new(ManualClock::at(DateTime::UNIX_EPOCH + TimeDelta::days(1))),
            letters: Letters::default(),
        }
    }

    /// What is told until there is nothing more.
    async fn drain(&self) -> Vec<Told> {
        let runner = Runner::new(Arc::clone(&self.store))
            .with_clock(Arc::clone(&self.clock))
            .reactor(self.letters.clone());
        let reached = runner.drain().await.unwrap();
        assert_eq!(reached, self.store.watermark().await.unwrap());
        std::mem::take(&mut *self.letters.told.lock().unwrap())
    }

    fn fail_at(&self, event: Option<WalletEvent>) {
        *self.letters.fails_at.lock().unwrap() = event;
    }

    fn operations(&self) -> Operations {
        Operations::new(Arc::clone(&self.store)).with_clock(Arc::clone(&self.clock))
    }
}

/// What is told of stored events if nothing fails, without keys.
fn expected<'a>(
    stored: impl IntoIterator<Item = &'a Stored>,
) -> Vec<(Position, usize, WalletEvent)> {
    let parts = |stored: &'a Stored| {
        let events = stored.today.iter().enumerate();
        events.map(|(part, event)| (stored.position, part, event.clone()))
    };
    stored.into_iter().flat_map(parts).collect()
}

fn without_keys(told: &[Told]) -> Vec<(Position, usize, WalletEvent)> {
    let told = told.iter();
    told.map(|it| (it.position, it.part, it.event.clone()))
        .collect()
}

#[tokio::test]
async fn every_part_is_told_once_under_a_key_of_its_own() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        let stage = Stage::new(store);
        let told = stage.drain().await;
        assert_eq!(without_keys(&told), expected(&all));
        let mut keys: Vec<&String> = told.iter().map(|it| &it.key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), told.len());
        assert_eq!(stage.drain().await, []);
        for (kind, payload) in [("frozen", "[]"), ("moved", r#"{"parts":[]}"#)] {
            append(&stage.store, "ada", (kind, 1), payload, 90).await;
        }
        assert_eq!(stage.drain().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_part_that_fails_has_the_whole_event_told_again_under_the_same_keys() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        let stage = Stage::new(store);
        // The second part of events of ada and bob.
        stage.fail_at(Some(spent(3)));
        let first = stage.drain().await;
        let faulty: Vec<&Stored> = all
            .iter()
            .filter(|stored| stored.today.contains(&spent(3)))
            .collect();
        assert_eq!(faulty.len(), 2);
        let of_faulty = |told: &[Told]| -> Vec<(usize, String)> {
            let told = told.iter().filter(|it| it.position == faulty[1].position);
            told.map(|it| (it.part, it.key.clone())).collect()
        };
        let keys = of_faulty(&first);
        assert_eq!(keys.iter().map(|it| it.0).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(format!("{}:1", keys[0].1), keys[1].1);

        stage.clock.advance(TimeDelta::seconds(1));
        let second = stage.drain().await;
        assert_eq!(of_faulty(&second), keys);
        assert!(second.iter().all(|it| it.number == 2), "{second:?}");
        let letters = stage.operations().dead_letters(None).await.unwrap();
        assert_eq!(letters.len(), 2);
        for letter in &letters {
            assert_eq!(letter.state, DeliveryState::Parked);
            assert_eq!(letter.event_type, "moved");
        }
        // The one of bob is tried again and goes well, the one of ada is left out.
        stage.fail_at(None);
        for letter in &letters {
            match letter.stream.id() {
                "ada" => stage
                    .operations()
                    .skip(letter, "it is enough")
                    .await
                    .unwrap(),
                _ => stage.operations().retry(letter).await.unwrap(),
            }
        }
        let third = stage.drain().await;
        let of = |stream: &str| -> Vec<(Position, usize, WalletEvent)> {
            let told = third.iter().filter(|it| it.stream == stream);
            without_keys(&told.cloned().collect::<Vec<_>>())
        };
        let bob = all.iter().filter(|it| it.stream == "bob");
        assert_eq!(of("bob"), expected(bob));
        let after = all
            .iter()
            .filter(|it| it.stream == "ada" && it.position > faulty[1].position);
        assert_eq!(of("ada"), expected(after));
        assert_eq!(third.len(), of("bob").len() + of("ada").len());
    })
    .await;
}
