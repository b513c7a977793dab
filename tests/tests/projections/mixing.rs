//! Writers that keep rows themselves, and operators who repair them before a runner comes by.

use std::sync::Arc;

use rehydrate::{
    BoxError, DeliveryState, EventStore, Inline, Operations, Projection, ReadModel, Rebuild,
    Recorded, Replay, Repository, StreamId,
};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::read_models::{OnThirteen, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::watched::Watched;
use serde::{Deserialize, Serialize};

use super::{accounts, deposited, runner};

/// The last deposit of an account: set, and never added to.
#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "latest")]
pub(super) struct LatestRow {
    #[read_model(key)]
    account: u64,
    pub(super) cents: u64,
}

pub(super) struct Latest;

impl Projection for Latest {
    type Events = Account;
    type Row = LatestRow;

    const NAME: &'static str = "latest";
    const IDEMPOTENT: bool = true;

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
        Ok([event.id()?])
    }

    fn apply(
        &self,
        row: &mut Option<LatestRow>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        if let AccountEvent::Deposited { cents } = event.event {
            let account = event.id()?;
            *row = Some(LatestRow { account, cents });
        }
        Ok(())
    }
}

fn inline<P: Projection>(store: &Arc<dyn EventStore>, projection: P) -> Repository<Account> {
    Repository::new(Inline::new(Arc::clone(store)).projection(projection))
}

async fn catch_up<P: Projection>(store: &Arc<dyn EventStore>, projection: P) {
    let caught_up = runner(store).projection(projection).catch_up().await;
    caught_up.unwrap();
}

/// Two events that a runner has taken, and a third that a writer has taken ahead of it.
async fn one_is_ahead(store: &Arc<dyn EventStore>) {
    happen(&accounts(store), [(1, deposited(1)), (1, deposited(2))]).await;
    catch_up(store, Wealths::<2>::default()).await;
    happen(&inline(store, Wealths::<2>::default()), [(1, deposited(3))]).await;
    assert_eq!(cents(store).await, [6]);
}

async fn cents(store: &Arc<dyn EventStore>) -> Vec<i64> {
    let rows = rows_of::<Wealths>(store).await;
    rows.iter().map(|row| row.cents).collect()
}

fn rebuild(store: &Arc<dyn EventStore>) -> Rebuild {
    Rebuild::new(Arc::clone(store), Wealths::<2>::default())
}

#[tokio::test]
async fn an_event_skipped_before_the_runner_comes_by_stays_skipped() {
    on_every_store(async |store| {
        let unlucky = || Wealths::<2> {
            on_thirteen: OnThirteen::Fails,
        };
        happen(&inline(&store, unlucky()), [(1, deposited(13))]).await;
        let operations = Operations::new(Arc::clone(&store));
        let letter = operations.dead_letters(None).await.unwrap().remove(0);
        operations.skip(&letter, "it was a test").await.unwrap();
        happen(&accounts(&store), [(1, deposited(5))]).await;
        catch_up(&store, unlucky()).await;
        let letters = operations.dead_letters(None).await.unwrap();
        assert_eq!(letters.len(), 1);
        assert!(
            matches!(letters[0].state, DeliveryState::Skipped { .. }),
            "{letters:?}"
        );
        assert_eq!(cents(&store).await, [5]);
    })
    .await;
}

#[tokio::test]
async fn a_replay_does_not_bring_back_what_a_writer_has_overwritten() {
    on_every_store(async |store| {
        happen(&accounts(&store), [(1, deposited(1)), (1, deposited(2))]).await;
        catch_up(&store, Latest).await;
        happen(&inline(&store, Latest), [(1, deposited(3))]).await;
        assert_eq!(rows_of::<Latest>(&store).await[0].cents, 3);
        Replay::new(Arc::clone(&store), Latest).run().await.unwrap();
        catch_up(&store, Latest).await;
        assert_eq!(rows_of::<Latest>(&store).await[0].cents, 3);
    })
    .await;
}

#[tokio::test]
async fn a_refolded_stream_keeps_what_a_writer_has_taken_ahead() {
    on_every_store(async |store| {
        one_is_ahead(&store).await;
        let stream = StreamId::new("account", 1).unwrap();
        let refolded = rebuild(&store).stream(&stream).await.unwrap();
        assert_eq!(refolded.events, 3);
        assert_eq!(cents(&store).await, [6]);
        catch_up(&store, Wealths::<2>::default()).await;
        assert_eq!(cents(&store).await, [6]);
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_ahead_is_not_wrong() {
    on_every_store(async |store| {
        one_is_ahead(&store).await;
        let verified = rebuild(&store).verify(10).await.unwrap();
        assert_eq!((verified.events, verified.wrong), (3, vec![]));
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_ahead_is_no_difference() {
    on_every_store(async |store| {
        one_is_ahead(&store).await;
        rebuild(&store).run().await.unwrap();
        let diff = rebuild(&store).diff(10).await.unwrap();
        // Nobody has taken the third event into the live table's checkpoint.
        assert!(!diff.is_level() || diff.is_empty(), "{diff:?}");
        catch_up(&store, Wealths::<2>::default()).await;
        let diff = rebuild(&store).diff(10).await.unwrap();
        assert!(diff.is_level() && diff.is_empty(), "{diff:?}");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_goes_ahead_during_the_comparison_is_no_difference() {
    on_every_store(async |store| {
        happen(&accounts(&store), [(1, deposited(1)), (1, deposited(2))]).await;
        catch_up(&store, Wealths::<2>::default()).await;
        let watched = Watched::new(Arc::clone(&store));
        let rebuild = Rebuild::new(watched.clone(), Wealths::<2>::default());
        rebuild.run().await.unwrap();
        let rival = Arc::clone(&store);
        watched.before_call("read log", 1, async move {
            let inline = inline(&rival, Wealths::<2>::default());
            happen(&inline, [(1, deposited(3))]).await;
        });
        let diff = rebuild.diff(10).await.unwrap();
        assert_eq!(cents(&store).await, [6], "nobody has gone ahead");
        assert!(diff.is_empty(), "{diff:?}");
    })
    .await;
}
