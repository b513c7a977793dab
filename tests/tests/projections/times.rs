//! Times, of which a table keeps microseconds.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rehydrate::{BoxError, InMemory, Projection, ReadModel, Rebuild, Recorded, Rows};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::read_models::{happen, rows_of};
use rehydrate_tests::stores::on_every_store;
use serde::{Deserialize, Serialize};

use super::{accounts, deposited, runner};

/// A time of so many nanoseconds.
fn at(nanoseconds: u64) -> DateTime<Utc> {
    let nanoseconds = i64::try_from(nanoseconds).unwrap();
    DateTime::from_timestamp(1_000_000, 0).unwrap() + TimeDelta::nanoseconds(nanoseconds)
}

#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "moments")]
struct Moment {
    #[read_model(key)]
    at: DateTime<Utc>,
    #[read_model(key)]
    kind: String,
    events: u32,
}

/// How many deposits there were at a time.
#[derive(Clone, Copy)]
struct Moments;

impl Projection for Moments {
    type Events = Account;
    type Row = Moment;

    const NAME: &'static str = "moments";

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = (DateTime<Utc>, String)>, BoxError> {
        let AccountEvent::Deposited { cents } = event.event else {
            return Ok(None);
        };
        Ok(Some((at(cents), "deposit".to_owned())))
    }

    fn apply(
        &self,
        row: &mut Option<Moment>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        if let AccountEvent::Deposited { cents } = event.event {
            let new = || Moment {
                at: at(cents),
                kind: "deposit".to_owned(),
                events: 0,
            };
            row.get_or_insert_with(new).events += 1;
        }
        Ok(())
    }
}

#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "steps")]
struct Step {
    #[read_model(key)]
    account: u64,
    last: DateTime<Utc>,
    earlier: Option<DateTime<Utc>>,
    steps: u32,
}

/// How often the time of an account went on.
#[derive(Clone, Copy)]
struct Steps;

impl Projection for Steps {
    type Events = Account;
    type Row = Step;

    const NAME: &'static str = "steps";

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
        Ok([event.id()?])
    }

    fn apply(
        &self,
        row: &mut Option<Step>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        if let AccountEvent::Deposited { cents } = event.event {
            let row = row.get_or_insert(Step {
                account: event.id()?,
                last: at(0),
                earlier: None,
                steps: 0,
            });
            if at(cents) > row.last {
                row.earlier = Some(std::mem::replace(&mut row.last, at(cents)));
                row.steps += 1;
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_key_of_time_is_that_of_its_row_whatever_its_nanoseconds() {
    on_every_store(async |store| {
        let accounts = accounts(&store);
        let one = [(1, deposited(1_500))];
        let more = [
            (1, deposited(1_500)),
            (1, deposited(1_999)),
            (2, deposited(2_000)),
        ];
        for events in [&one[..], &more[..]] {
            happen(&accounts, events.iter().cloned()).await;
            runner(&store).projection(Moments).catch_up().await.unwrap();
        }
        let moment = |nanoseconds, events| Moment {
            at: at(nanoseconds),
            kind: "deposit".to_owned(),
            events,
        };
        let expected = [moment(1_000, 3), moment(2_000, 1)];
        assert_eq!(rows_of::<Moments>(&store).await, expected);
        let key = (at(1_999), "deposit".to_owned());
        let row = Rows::<Moments>::new(Arc::clone(&store)).get(&key).await;
        assert_eq!(row.unwrap().as_ref(), Some(&expected[0]));
        let view = InMemory::new(Arc::clone(&store), Moments);
        view.refresh().await.unwrap();
        assert_eq!(view.rows(), expected);
        assert_eq!(view.get(&key).as_ref(), Some(&expected[0]));
        let rebuild = Rebuild::new(Arc::clone(&store), Moments);
        rebuild.run().await.unwrap();
        assert!(rebuild.diff(5).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_fold_sees_the_times_that_the_table_keeps_wherever_batches_end() {
    on_every_store(async |store| {
        let accounts = accounts(&store);
        for nanoseconds in [1_500, 1_500, 1_001, 2_750, 2_800] {
            happen(&accounts, [(1, deposited(nanoseconds))]).await;
            runner(&store).projection(Steps).catch_up().await.unwrap();
        }
        let rows = rows_of::<Steps>(&store).await;
        assert_eq!(rows[0].last, at(2_000));
        let view = InMemory::new(Arc::clone(&store), Steps);
        view.refresh().await.unwrap();
        assert_eq!(view.rows(), rows);
        let rebuild = Rebuild::new(Arc::clone(&store), Steps);
        rebuild.run().await.unwrap();
        let diff = rebuild.diff(5).await.unwrap();
        assert!(diff.is_empty(), "{diff:?}");
    })
    .await;
}
