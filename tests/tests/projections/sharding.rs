//! Several tasks for one projection, and the events of several aggregates for one.

use std::convert::Infallible;
use std::sync::Arc;

use rehydrate::{
    Aggregate, BoxError, Event, EventSet, Inline, Old, Projection, ReadModel, Rebuild, Recorded,
    Repository, RowScope, RunError,
};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::read_models::{Wealth, Wealths, happen, rows_of};
use rehydrate_tests::stores::on_every_store;
use serde::{Deserialize, Serialize};

use super::{LONG, accounts, deposited, runner};

/// The wealth of all accounts, kept by four tasks.
#[derive(Clone, Copy)]
struct Sharded;

impl Projection for Sharded {
    type Events = Account;
    type Row = Wealth;

    const NAME: &'static str = "wealth";
    const ROWS: RowScope = RowScope::PerStream;
    const SHARDS: u32 = 4;

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
async fn a_shard_takes_nothing_again_because_another_has_gone_on() {
    on_every_store(async |store| {
        let inline = Inline::new(Arc::clone(&store)).projection(Sharded);
        let inline: Repository<Account> = Repository::new(inline);
        happen(&inline, (0..12).map(|account| (account, deposited(1)))).await;
        // Each of the shards goes to the end of the log by itself, one after the other.
        runner(&store).projection(Sharded).catch_up().await.unwrap();
        let rows = rows_of::<Sharded>(&store).await;
        assert_eq!(rows.len(), 12);
        assert!(rows.iter().all(|row| row.events == 1), "{rows:?}");
    })
    .await;
}

#[tokio::test]
async fn shards_take_every_event_once_and_are_rebuilt_together() {
    on_every_store(async |store| {
        let accounts = accounts(&store);
        let running = runner(&store).projection(Sharded).start().await.unwrap();
        let mut last = None;
        for number in 0..60_u64 {
            let deposit = |account: &Account| account.deposit(number % 7 + 1);
            let committed = accounts.execute(&(number % 12), deposit).await.unwrap();
            last = Some(committed.position());
        }
        running
            .wait_for("wealth", last.unwrap(), LONG)
            .await
            .unwrap();
        let rows = rows_of::<Sharded>(&store).await;
        assert_eq!(rows.len(), 12);
        assert!(rows.iter().all(|row| row.events == 5), "{rows:?}");
        running.stop().await;

        let rebuild = Rebuild::new(Arc::clone(&store), Sharded).with_batch(7);
        rebuild.run().await.unwrap();
        assert!(rebuild.diff(9).await.unwrap().is_empty());
        rebuild.swap(Old::Drop).await.unwrap();
        assert_eq!(rows_of::<Sharded>(&store).await, rows);
        assert_eq!(rebuild.verify(5).await.unwrap().wrong, []);
        happen(&accounts, [(1, deposited(1))]).await;
        runner(&store).projection(Sharded).catch_up().await.unwrap();
        assert_eq!(rows_of::<Sharded>(&store).await[1].events, 6);
    })
    .await;
}

#[tokio::test]
async fn another_number_of_shards_is_refused() {
    on_every_store(async |store| {
        runner(&store)
            .projection(Wealths::<1>::default())
            .catch_up()
            .await
            .unwrap();
        let refused = runner(&store)
            .projection(Sharded)
            .catch_up()
            .await
            .unwrap_err();
        let RunError::ShardsChanged { built, defined, .. } = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((built, defined), (1, 4));
    })
    .await;
}

#[derive(Clone, Debug, Event, Serialize, Deserialize)]
enum LampEvent {
    SwitchedOn,
}

#[derive(Aggregate, Default)]
#[aggregate(id = u64, event = LampEvent)]
struct Lamp {
    is_on: bool,
}

impl ApplyLampEvent for Lamp {
    fn switched_on(&mut self) {
        self.is_on = true;
    }
}

#[derive(EventSet)]
enum Household {
    Account(AccountEvent),
    Lamp(LampEvent),
}

#[derive(ReadModel, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[read_model(table = "households")]
struct HouseholdRow {
    #[read_model(key)]
    number: u64,
    cents: u64,
    lights: u32,
}

struct Households;

impl Projection for Households {
    type Events = Household;
    type Row = HouseholdRow;

    const NAME: &'static str = "households";

    fn keys(
        &self,
        event: &Recorded<'_, Household>,
    ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
        Ok([event.id()?])
    }

    fn apply(
        &self,
        row: &mut Option<HouseholdRow>,
        event: &Recorded<'_, Household>,
    ) -> Result<(), BoxError> {
        let number = event.id()?;
        let household = row.get_or_insert(HouseholdRow {
            number,
            cents: 0,
            lights: 0,
        });
        match event.event {
            Household::Account(AccountEvent::Deposited { cents }) => household.cents += cents,
            Household::Account(_) => {}
            Household::Lamp(LampEvent::SwitchedOn) => household.lights += 1,
        }
        Ok(())
    }
}

#[tokio::test]
async fn one_projection_reads_several_aggregates_and_no_other() {
    on_every_store(async |store| {
        let lamps: Repository<Lamp> = Repository::new(Arc::clone(&store));
        happen(&accounts(&store), [(1, deposited(5)), (2, deposited(6))]).await;
        for _ in 0..2 {
            let on = |_: &Lamp| Ok::<_, Infallible>(LampEvent::SwitchedOn);
            lamps.execute(&1, on).await.unwrap();
        }
        let runner = runner(&store).projection(Households);
        runner.catch_up().await.unwrap();
        let row = |number, cents, lights| HouseholdRow {
            number,
            cents,
            lights,
        };
        let expected = [row(1, 5, 2), row(2, 6, 0)];
        assert_eq!(rows_of::<Households>(&store).await, expected);
        let plan = Rebuild::new(Arc::clone(&store), Households).plan().await;
        assert_eq!(plan.unwrap().events, 4);
    })
    .await;
}
