use futures_util::TryStreamExt as _;
use rehydrate::{
    Attempt, Batch, Condition, ConsumerKind, EventStore, Expected, Failure, NewEvent, Position,
    Reaction, Reactor, Recorded, RecordedTime, Repository, RunError, Runner, SchemaVersion, Start,
    StreamId,
};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::stores::on_every_store;

use super::{NAME, Stage, down, id};

#[tokio::test]
async fn every_event_is_delivered_once_and_in_order() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        for account in [1, 2, 1] {
            stage.deposit(account).await;
        }
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 1), (2, 1), (1, 2)]);
        let last = stage.deposit(2).await;
        stage.drain().await;
        assert_eq!(stage.told(), [(2, 2)]);
        stage.drain().await;
        assert_eq!(stage.told(), []);
        let checkpoint = stage.checkpoint().await;
        assert_eq!(checkpoint.position, last);
        assert_eq!(checkpoint.kind, ConsumerKind::Reactor);
        assert_eq!(checkpoint.condition, Condition::Live);
        assert_eq!(checkpoint.lease, None);
    })
    .await;
}

#[tokio::test]
async fn the_key_of_an_event_is_the_same_at_every_attempt_and_after_a_restart() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        stage.answer(|_| down());
        stage.deposit(1).await;
        stage.drain().await;
        stage.wait(1);
        stage.drain().await;
        let calls = stage.calls();
        assert_eq!(calls[0].number, 1);
        assert_eq!(calls[1].number, 2);
        assert!(calls[1].now > calls[0].now);
        assert!(calls[0].key.starts_with("letters:"), "{}", calls[0].key);
        assert_eq!(calls[0].key, calls[1].key);
    })
    .await;
}

/// Answers every deposit with another one, and is not sure that it has.
struct Doubling {
    accounts: Repository<Account>,
}

impl Reactor for Doubling {
    type Events = Account;
    const NAME: &'static str = "doubling";
    const START: Start = Start::Beginning;

    async fn react(
        &self,
        event: &Recorded<'_, AccountEvent>,
        attempt: &Attempt,
    ) -> Result<Reaction, Failure> {
        if event.id::<u64>()? == 1 {
            let deposit = |account: &Account| account.deposit(5);
            self.accounts
                .execute_with(&2, attempt.command(), deposit)
                .await?;
            if attempt.number() == 1 {
                return Err(Failure::transient("the connection was lost"));
            }
        }
        Ok(().into())
    }
}

#[tokio::test]
async fn a_command_that_answers_an_event_is_executed_once_and_names_its_cause() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        let context = rehydrate::CommandContext::new().correlation_id("order 7");
        let deposit = |account: &Account| account.deposit(1);
        let paid = stage.accounts.execute_with(&1, context, deposit).await;
        paid.unwrap();
        let runner = || {
            Runner::new(stage.store.clone())
                .with_clock(stage.clock.clone())
                .reactor(Doubling {
                    accounts: stage.accounts.clone(),
                })
        };
        runner().drain().await.unwrap();
        stage.wait(1);
        runner().drain().await.unwrap();
        let history: Vec<_> = stage.accounts.history(&2).try_collect().await.unwrap();
        assert_eq!(history.len(), 1);
        let cause: Vec<_> = stage.accounts.history(&1).try_collect().await.unwrap();
        let metadata = &history[0].metadata;
        assert_eq!(metadata.correlation_id.as_deref(), Some("order 7"));
        assert_eq!(
            metadata.causation_id.as_deref(),
            Some(cause[0].event_id.to_string().as_str())
        );
    })
    .await;
}

#[tokio::test]
async fn an_event_that_is_today_several_is_delivered_in_parts_with_keys_of_their_own() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        append(
            &stage,
            "transferred_and_charged",
            r#"{"cents":5,"charge":1}"#,
        )
        .await;
        stage.drain().await;
        let keys: Vec<String> = stage.calls().into_iter().map(|call| call.key).collect();
        assert_eq!(keys.len(), 2);
        assert_eq!(format!("{}:1", keys[0]), keys[1]);
    })
    .await;
}

#[tokio::test]
async fn an_event_that_means_nothing_any_more_is_passed() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        append(&stage, "flagged", "{}").await;
        stage.deposit(1).await;
        stage.drain().await;
        assert_eq!(stage.told(), [(1, 2)]);
    })
    .await;
}

/// Writes an event of account 1 as it is stored.
pub(crate) async fn append(stage: &Stage, event_type: &str, payload: &str) {
    let stream = StreamId::new("account", "1").unwrap();
    let event = NewEvent::new(event_type, SchemaVersion::FIRST, payload);
    let batch = Batch::new(vec![event], RecordedTime::Clock(chrono::Utc::now()));
    let appended = stage.store.append(&stream, Expected::Any, &batch).await;
    appended.unwrap();
}

/// Takes no notice of what was there before it.
struct Newcomer(tokio::sync::mpsc::UnboundedSender<u64>);

impl Reactor for Newcomer {
    type Events = Account;
    const NAME: &'static str = "newcomer";
    const START: Start = Start::Now;

    async fn react(
        &self,
        event: &Recorded<'_, AccountEvent>,
        _: &Attempt,
    ) -> Result<Reaction, Failure> {
        self.0.send(event.version.get())?;
        Ok(Reaction::Done)
    }
}

#[tokio::test]
async fn a_reactor_that_starts_now_skips_history() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let runner = Runner::new(stage.store.clone()).reactor(Newcomer(told));
        stage.deposit(1).await;
        runner.drain().await.unwrap();
        stage.deposit(1).await;
        runner.drain().await.unwrap();
        assert_eq!(heard.recv().await, Some(2));
        assert!(heard.try_recv().is_err());
    })
    .await;
}

#[tokio::test]
async fn a_name_belongs_to_one_consumer() {
    on_every_store(|store| async {
        let stage = Stage::new(store);
        let twice = stage.runner().reactor(stage.letters.clone());
        let refused = twice.drain().await.unwrap_err();
        assert!(matches!(refused, RunError::RegisteredTwice { consumer } if consumer == NAME));

        stage.drain().await;
        let mut other = stage.checkpoint().await;
        other.kind = ConsumerKind::Projection;
        other.id.consumer = "newcomer".to_owned();
        other.position = Position::ZERO;
        let consumers = stage.store.consumers().unwrap();
        consumers.create_build(&[other]).await.unwrap();
        let (told, _heard) = tokio::sync::mpsc::unbounded_channel();
        let runner = Runner::new(stage.store.clone()).reactor(Newcomer(told));
        let refused = runner.drain().await.unwrap_err();
        assert!(matches!(refused, RunError::NotAReactor { consumer } if consumer == "newcomer"));
        assert_eq!(stage.checkpoint().await.id, id());
    })
    .await;
}
