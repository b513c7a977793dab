//! Operators, runners and programs that get in each other's way at the worst moment.

use std::sync::Arc;

use futures_util::future::join_all;
use rehydrate::{
    BoxError, EventStore, Old, Operations, Projection, ReadModel, Rebuild, RebuildError, Recorded,
    Replay, Role, RowScope, StreamId,
};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::read_models::{OnThirteen, Wealth, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;
use rehydrate_tests::watched::Watched;
use serde::{Deserialize, Serialize};

use super::mixing::Latest;
use super::{accounts, deposited, runner, withdrawn};

async fn catch_up<P: Projection>(store: &Arc<dyn EventStore>, projection: P) {
    let caught_up = runner(store).projection(projection).catch_up().await;
    caught_up.unwrap();
}

/// The builds: their numbers, the versions of their definitions, and whether they are live.
async fn builds(store: &Arc<dyn EventStore>) -> Vec<(u32, u32, bool)> {
    let all = store.consumers().unwrap().checkpoints(None).await.unwrap();
    let all = all.into_iter();
    all.map(|it| (it.id.build, it.definition, it.role == Role::Live))
        .collect()
}

#[tokio::test]
async fn what_is_appended_while_an_event_is_skipped_is_taken() {
    on_every_store(async |store| {
        let unlucky = || Wealths::<2> {
            on_thirteen: OnThirteen::Fails,
        };
        happen(&accounts(&store), [(1, deposited(13))]).await;
        catch_up(&store, unlucky()).await;
        let watched = Watched::new(Arc::clone(&store));
        let rival = Arc::clone(&store);
        watched.before_call("begin", 1, async move {
            happen(&accounts(&rival), [(1, deposited(5))]).await;
            catch_up(&rival, unlucky()).await;
        });
        let operations = Operations::new(watched);
        let letter = operations.dead_letters(None).await.unwrap().remove(0);
        operations.skip(&letter, "it was a test").await.unwrap();
        catch_up(&store, unlucky()).await;
        let rows = rows_of::<Wealths>(&store).await;
        assert_eq!(rows.iter().map(|row| row.cents).collect::<Vec<_>>(), [5]);
    })
    .await;
}

#[tokio::test]
async fn a_replay_does_not_bring_back_what_a_runner_has_overwritten() {
    on_every_store(async |store| {
        happen(&accounts(&store), [(1, deposited(1)), (1, deposited(2))]).await;
        catch_up(&store, Latest).await;
        let watched = Watched::new(Arc::clone(&store));
        let rival = Arc::clone(&store);
        watched.before_call("begin", 1, async move {
            happen(&accounts(&rival), [(1, deposited(3))]).await;
            catch_up(&rival, Latest).await;
            assert_eq!(rows_of::<Latest>(&rival).await[0].cents, 3);
        });
        Replay::new(watched, Latest).run().await.unwrap();
        assert_eq!(rows_of::<Latest>(&store).await[0].cents, 3);
    })
    .await;
}

#[tokio::test]
async fn a_stream_refolded_during_a_swap_is_not_written_into_the_new_table() {
    on_every_store(async |store| {
        happen(&accounts(&store), [(1, deposited(1))]).await;
        catch_up(&store, Wealths::<1>::default()).await;
        let watched = Watched::new(Arc::clone(&store));
        let rival = Arc::clone(&store);
        watched.before_call("begin", 1, async move {
            let rebuild = Rebuild::new(Arc::clone(&rival), Wealths::<2>::default());
            rebuild.run().await.unwrap();
            happen(&accounts(&rival), [(1, deposited(10)), (1, withdrawn(4))]).await;
            rebuild.swap(Old::Keep).await.unwrap();
        });
        let stream = StreamId::new("account", 1).unwrap();
        let rebuild = Rebuild::new(watched, Wealths::<1>::default());
        let refused = rebuild.stream(&stream).await;
        assert!(
            matches!(
                refused,
                Err(RebuildError::NotLive {
                    live: 1 | 2,
                    own: 1,
                    ..
                } | RebuildError::NothingBuilt { .. })
            ),
            "{refused:?}"
        );
        catch_up(&store, Wealths::<2>::default()).await;
        assert_eq!(rows_of::<Wealths>(&store).await[0].cents, 7);
    })
    .await;
}

#[tokio::test]
async fn a_build_that_somebody_else_has_begun_anew_is_not_swapped_in() {
    on_every_store(async |store| {
        happen(&accounts(&store), [(1, deposited(1))]).await;
        catch_up(&store, Wealths::<1>::default()).await;
        let watched = Watched::new(Arc::clone(&store));
        let rebuild = Rebuild::new(watched.clone(), Wealths::<2>::default());
        rebuild.run().await.unwrap();
        let rival = Arc::clone(&store);
        watched.before_call("watermark", 1, async move {
            let rebuild = Rebuild::new(rival, Wealths::<3>::default());
            rebuild.discard().await.unwrap();
            rebuild.run().await.unwrap();
        });
        let refused = rebuild.swap(Old::Keep).await;
        assert!(refused.is_err(), "{refused:?}");
        assert_eq!(builds(&store).await, [(1, 1, true), (2, 3, false)]);
    })
    .await;
}

#[tokio::test]
async fn a_program_whose_upgrade_another_has_finished_is_done() {
    on_every_store(async |store| {
        happen(&accounts(&store), [(1, deposited(1))]).await;
        catch_up(&store, Wealths::<1>::default()).await;
        let watched = Watched::new(Arc::clone(&store));
        let rival = Arc::clone(&store);
        // The end that it wants, that which it builds to, and now that which it swaps at.
        watched.before_call("watermark", 3, async move {
            let rebuild = Rebuild::new(rival, Wealths::<2>::default());
            rebuild.swap(Old::Keep).await.unwrap();
        });
        let watching: Arc<dyn EventStore> = Arc::new(watched);
        catch_up(&watching, Wealths::<2>::default()).await;
        assert_eq!(builds(&store).await, [(1, 1, false), (2, 2, true)]);
    })
    .await;
}

#[tokio::test]
async fn programs_that_upgrade_at_once_build_it_once() {
    on_every_store(async |store| {
        let history = (0..20).map(|number| (number % 7, deposited(1)));
        happen(&accounts(&store), history).await;
        catch_up(&store, Wealths::<1>::default()).await;
        let programs = (0..3).map(|_| catch_up(&store, Wealths::<2>::default()));
        join_all(programs).await;
        assert_eq!(builds(&store).await, [(1, 1, false), (2, 2, true)]);
    })
    .await;
}

/// The wealth of all accounts, kept by two tasks.
struct Halves;

impl Projection for Halves {
    type Events = Account;
    type Row = Wealth;

    const NAME: &'static str = "wealth";
    const ROWS: RowScope = RowScope::PerStream;
    const SHARDS: u32 = 2;

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
        Ok([event.id()?])
    }

    fn apply(
        &self,
        row: &mut Option<Wealth>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        Wealths::<2>::default().apply(row, event)
    }
}

#[tokio::test]
async fn shards_that_go_on_during_the_comparison_are_no_difference() {
    on_every_store(async |store| {
        let all = || (0..10).map(|account| (account, deposited(1)));
        happen(&accounts(&store), all()).await;
        catch_up(&store, Halves).await;
        let watched = Watched::new(Arc::clone(&store));
        let rebuild = Rebuild::new(watched.clone(), Halves);
        rebuild.run().await.unwrap();
        // One shard has something to take, the other has not.
        happen(&accounts(&store), [(0, deposited(1))]).await;
        catch_up(&store, Halves).await;
        let rival = Arc::clone(&store);
        watched.before_call("read log", 2, async move {
            happen(&accounts(&rival), all()).await;
            catch_up(&rival, Halves).await;
        });
        let diff = rebuild.diff(100).await.unwrap();
        assert!(diff.is_empty(), "{diff:?}");
    })
    .await;
}

/// A row for each of the five days of a week, of which the first is wrong in version 1.
#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "days")]
struct Day {
    #[read_model(key)]
    day: u64,
    version: u32,
}

struct Days<const VERSION: u32>(std::sync::atomic::AtomicU64);

impl<const VERSION: u32> Days<VERSION> {
    fn new() -> Self {
        Self(0.into())
    }
}

impl<const VERSION: u32> Projection for Days<VERSION> {
    type Events = Account;
    type Row = Day;

    const NAME: &'static str = "days";
    const VERSION: u32 = VERSION;

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
        let days = match event.event {
            AccountEvent::Opened { .. } => 100..=100,
            _ => 1..=5,
        };
        Ok(days)
    }

    fn apply(
        &self,
        row: &mut Option<Day>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        let (day, version) = match event.event {
            AccountEvent::Opened { .. } => (100, VERSION),
            // Each key in its turn.
            _ => (
                1 + self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 5,
                0,
            ),
        };
        *row = Some(Day { day, version });
        Ok(())
    }
}

#[tokio::test]
async fn a_difference_is_named_though_an_event_that_has_just_happened_concerns_many_rows() {
    on_every_store(async |store| {
        happen(&accounts(&store), [(1, super::opened("Ada"))]).await;
        catch_up(&store, Days::<1>::new()).await;
        let watched = Watched::new(Arc::clone(&store));
        let rebuild = Rebuild::new(watched.clone(), Days::<2>::new());
        rebuild.run().await.unwrap();
        let rival = Arc::clone(&store);
        watched.before_call("read log", 1, async move {
            happen(&accounts(&rival), [(2, deposited(1))]).await;
            catch_up(&rival, Days::<1>::new()).await;
        });
        let diff = rebuild.diff(1).await.unwrap();
        assert_eq!((diff.changed, diff.rows.len()), (1, 1), "{diff:?}");
    })
    .await;
}
