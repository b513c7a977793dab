//! What cannot be read is an error that names it, in every reader; it is never skipped.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use rehydrate::testing::given;
use rehydrate::{
    Attempt, EventStore, Failure, InMemory, Inline, LoadError, Operations, Reaction, Reactor,
    Rebuild, RebuildError, Recorded, ReplayError, Repository, Runner, Start, StreamId,
};
use rehydrate_tests::read_models::rows_of;
use rehydrate_tests::stores::on_every_store;

use crate::domain::{Early, EarlyEvent, Wallet, WalletEvent};
use crate::models::{Balances, EarlyBalances, Journal, balances, runner};
use crate::{append, day, folded, history, id, of, wallets};

/// Type, version, payload, and what the error says beyond where it is.
const FAULTS: [(&str, u32, &str, &str); 7] = [
    ("stolen", 1, "{}", "is not an event of WalletEvent"),
    ("spent", 4, "{}", "is newer than 3"),
    ("spent", 1, "{}", "is no longer supported"),
    ("spent", 2, r#"{"amount":"x"}"#, "was refused by the upcast"),
    ("spent", 2, r#"{"amount":"panic"}"#, "nobody can spend that"),
    (
        "spent",
        2,
        r#"{"amount":7}"#,
        "has a payload of another shape",
    ),
    ("moved", 2, r#"{"parts":[]}"#, "is newer than 1"),
];

/// An error with all its causes.
fn whole(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}

fn assert_names(text: &str, place: &str, what: &str) {
    assert!(text.contains(place), "{text:?} does not say {place:?}");
    assert!(text.contains(what), "{text:?} does not say {what:?}");
}

#[tokio::test]
async fn a_repository_names_what_it_cannot_read() {
    on_every_store(|store| async move {
        let wallets = wallets(&store);
        for (index, (kind, version, payload, what)) in FAULTS.into_iter().enumerate() {
            let stream = format!("f{index}");
            append(&store, &stream, ("opened", 1), r#"{"owner":"Zoe"}"#, 1).await;
            let at = append(&store, &stream, (kind, version), payload, 2).await;
            let place = format!(
                "event 2 of wallet/{stream} (position {}, type `{kind}`, schema version {version})",
                at.1
            );
            let error = wallets.load(&stream).await.unwrap_err();
            assert!(matches!(error, LoadError::Decode(_)), "{error}");
            assert_names(&whole(&error), &place, what);
            let error = wallets.load_at(&stream, at.0).await.unwrap_err();
            assert_names(&whole(&error), &place, what);
            let error = wallets.load_as_of(&stream, day(3)).await.unwrap_err();
            assert_names(&whole(&error), &place, what);
            let error = wallets
                .execute(&stream, |it| it.pay_in(1))
                .await
                .unwrap_err();
            assert_names(&whole(&error), &place, what);
            let history = wallets.history(&stream).try_collect::<Vec<_>>().await;
            assert_names(&whole(&history.unwrap_err()), &place, what);
            let mut tx = store.begin().await.unwrap();
            let error = wallets
                .execute_in(&mut tx, &stream, |it| it.pay_in(1))
                .await;
            assert_names(&whole(&error.unwrap_err()), &place, what);
            // What came before it can still be looked at.
            let before = wallets.load_at(&stream, 1.into()).await.unwrap();
            assert_eq!(before.owner, "Zoe");
        }
    })
    .await;
}

#[tokio::test]
async fn consumers_park_what_they_cannot_read_and_others_flow() {
    on_every_store(|store| async move {
        let all = history(&store).await;
        let mut places = Vec::new();
        for (index, (kind, version, payload, what)) in FAULTS.into_iter().enumerate() {
            let stream = format!("f{index}");
            let at = append(&store, &stream, (kind, version), payload, 50).await;
            let place = format!("wallet/{stream} (position {}", at.1);
            places.push((format!("wallet/{stream}"), place, what));
            append(&store, &stream, ("moved", 1), r#"{"parts":[5]}"#, 51).await;
        }
        let runner = runner(&store)
            .projection(Balances::<1>::default())
            .reactor(Deaf);
        runner.catch_up().await.unwrap();
        runner.drain().await.unwrap();
        assert_eq!(rows_of::<Balances>(&store).await, balances(&all));
        let operations = Operations::new(Arc::clone(&store));
        for consumer in ["balances", "deaf"] {
            let letters = operations.dead_letters(Some(consumer)).await.unwrap();
            assert_eq!(letters.len(), FAULTS.len(), "{consumer}");
            for (letter, (stream, place, what)) in letters.iter().zip(&places) {
                assert_eq!(letter.stream.to_string(), *stream);
                assert_names(letter.error.as_deref().unwrap(), place, what);
            }
        }
        let view = InMemory::new(Arc::clone(&store), Balances::<1>::default());
        view.refresh().await.unwrap();
        assert_eq!(view.rows(), balances(&all));
        for (stream, place, what) in &places {
            assert_names(&view.parked()[stream], place, what);
        }
        // A build with parked streams is not swapped in, and one stream is refused by name.
        let rebuild = Rebuild::new(Arc::clone(&store), Balances::<1>::default());
        for (stream, place, what) in &places {
            let stream: StreamId = stream.parse().unwrap();
            let error = rebuild.stream(&stream).await.unwrap_err();
            assert!(matches!(error, RebuildError::Event { .. }), "{error}");
            assert_names(&whole(&error), place, what);
        }
    })
    .await;
}

#[tokio::test]
async fn a_replay_names_what_it_cannot_read() {
    on_every_store(|store| async move {
        runner(&store).projection(Journal).catch_up().await.unwrap();
        for (index, (kind, version, payload, what)) in FAULTS.into_iter().enumerate() {
            let stream = format!("f{index}");
            let at = append(&store, &stream, (kind, version), payload, 50).await;
            runner(&store).projection(Journal).catch_up().await.unwrap();
            let operations = Operations::new(Arc::clone(&store));
            let letters = operations.dead_letters(Some("journal")).await.unwrap();
            let letter = letters.iter().find(|it| it.position == at.1).unwrap();
            let place = format!("(position {}", at.1);
            assert_names(letter.error.as_deref().unwrap(), &place, what);
        }
        // Parked streams are left to those who mend them.
        let replay = Rebuild::new(Arc::clone(&store), Journal).replay();
        let replayed: Result<u64, ReplayError> = replay.run().await;
        assert_eq!(replayed.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_inline_projection_parks_what_it_cannot_read() {
    on_every_store(|store| async move {
        let balances_ = Balances::<1>::default();
        runner(&store)
            .projection(balances_)
            .catch_up()
            .await
            .unwrap();
        let inline: Arc<dyn EventStore> =
            Arc::new(Inline::new(Arc::clone(&store)).projection(balances_));
        for (index, (kind, version, payload, what)) in FAULTS.into_iter().enumerate() {
            let stream = format!("f{index}");
            let at = append(&inline, &stream, (kind, version), payload, 50).await;
            let operations = Operations::new(Arc::clone(&store));
            let letters = operations.dead_letters(Some("balances")).await.unwrap();
            let letter = letters.iter().find(|it| it.position == at.1).unwrap();
            let place = format!("(position {}", at.1);
            assert_names(letter.error.as_deref().unwrap(), &place, what);
        }
    })
    .await;
}

#[test]
fn the_test_kit_names_what_it_cannot_read() {
    for (kind, version, payload, what) in FAULTS {
        let panic = std::panic::catch_unwind(|| {
            drop(given::<Wallet>([]).and_stored(kind, version, payload));
        });
        let panic = panic.unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        let place = format!("position 1, type `{kind}`, schema version {version}");
        assert_names(text, &place, what);
    }
}

/// Hears nothing.
struct Deaf;

impl Reactor for Deaf {
    type Events = Wallet;
    const NAME: &'static str = "deaf";
    const START: Start = Start::Beginning;

    async fn react(&self, _: &Recorded<'_, WalletEvent>, _: &Attempt) -> Result<Reaction, Failure> {
        Ok(Reaction::Done)
    }
}

/// Tells what it hears: early, and in time.
struct Heard<const IN_TIME: bool>(Arc<std::sync::Mutex<Vec<(u64, usize)>>>);

impl Reactor for Heard<false> {
    type Events = Early;
    const NAME: &'static str = "heard";
    const START: Start = Start::Beginning;

    async fn react(
        &self,
        event: &Recorded<'_, EarlyEvent>,
        _: &Attempt,
    ) -> Result<Reaction, Failure> {
        let heard = (event.position.get(), event.part);
        self.0.lock().unwrap().push(heard);
        Ok(Reaction::Done)
    }
}

impl Reactor for Heard<true> {
    type Events = Wallet;
    const NAME: &'static str = "heard";
    const START: Start = Start::Beginning;

    async fn react(
        &self,
        event: &Recorded<'_, WalletEvent>,
        _: &Attempt,
    ) -> Result<Reaction, Failure> {
        let heard = (event.position.get(), event.part);
        self.0.lock().unwrap().push(heard);
        Ok(Reaction::Done)
    }
}

#[tokio::test]
async fn once_the_program_knows_the_past_nothing_is_lost_or_doubled() {
    on_every_store(|store| async move {
        let mut all = history(&store).await;
        // Schema version 3 of `spent` is newer than what the early program knows.
        let early: Repository<Early> = Repository::new(Arc::clone(&store));
        for stream in ["ada", "bob", "cem", "dot", "eve", "fay", "gus"] {
            let error = early.load(&id(stream)).await.unwrap_err();
            assert!(matches!(error, LoadError::Decode(_)), "{stream}: {error}");
        }
        let heard = Arc::default();
        let run = runner(&store)
            .projection(EarlyBalances)
            .reactor(Heard::<false>(Arc::clone(&heard)));
        run.catch_up().await.unwrap();
        run.drain().await.unwrap();
        let operations = Operations::new(Arc::clone(&store));
        for consumer in ["balances", "heard"] {
            let letters = operations.dead_letters(Some(consumer)).await.unwrap();
            assert_eq!(
                letters.len(),
                7,
                "{consumer}: every stream has something unknown"
            );
        }
        // Streams wait at their first unknown event, and no further.
        let rows = rows_of::<EarlyBalances>(&store).await;
        let known = |it: &crate::models::Balance| (it.wallet.clone(), it.events);
        let rows: Vec<_> = rows.iter().map(known).collect();
        let expected = [("ada", 1), ("dot", 1), ("fay", 2), ("gus", 1)];
        assert_eq!(rows, expected.map(|(wallet, events)| (id(wallet), events)));

        // The program that knows the past is deployed, and what waits is tried again.
        let run = || -> Runner {
            runner(&store)
                .projection(Balances::<1>::default())
                .reactor(Heard::<true>(Arc::clone(&heard)))
        };
        let (version, position) = append(&store, "ada", ("moved", 1), r#"{"parts":[4]}"#, 90).await;
        let last = crate::Stored {
            stream: "ada",
            version,
            position,
            recorded_at: day(90),
            today: vec![crate::domain::paid_in(4, "moved")],
        };
        all.push(last);
        assert_eq!(operations.retry_all(None).await.unwrap(), 14);
        run().catch_up().await.unwrap();
        run().drain().await.unwrap();
        assert_eq!(rows_of::<Balances>(&store).await, balances(&all));
        assert_eq!(operations.dead_letters(None).await.unwrap(), []);
        let mut told = heard.lock().unwrap().clone();
        told.sort_unstable();
        let expected: Vec<(u64, usize)> = all
            .iter()
            .flat_map(|it| (0..it.today.len()).map(|part| (it.position.get(), part)))
            .collect();
        assert_eq!(told, expected);
        let ada = wallets(&store).load(&id("ada")).await.unwrap();
        assert_eq!(*ada, folded(of(&all, "ada")));
    })
    .await;
}
