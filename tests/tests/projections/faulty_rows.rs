//! Rows that their table cannot hold.

use std::sync::Arc;

use rehydrate::{BoxError, Operations, Projection, ReadModel, Recorded};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::read_models::{happen, rows_of};
use rehydrate_tests::stores::on_every_store;
use serde::{Deserialize, Serialize, Serializer};

use super::{accounts, deposited, runner};

#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "notes")]
struct Note {
    #[read_model(key)]
    account: u64,
    #[read_model(index)]
    text: String,
    number: u64,
    #[serde(serialize_with = "lucky")]
    #[read_model(json)]
    cents: i64,
}

fn lucky<S: Serializer>(cents: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    assert!(*cents != 13, "thirteen is unlucky");
    serializer.serialize_i64(*cents)
}

/// What the last deposit was; some make a row that no table holds.
#[derive(Clone, Copy)]
struct Notes;

impl Projection for Notes {
    type Events = Account;
    type Row = Note;

    const NAME: &'static str = "notes";

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
        Ok([event.id()?])
    }

    fn apply(
        &self,
        row: &mut Option<Note>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        if let AccountEvent::Deposited { cents } = event.event {
            *row = Some(Note {
                account: event.id()?,
                text: match cents {
                    100 => "x".repeat(256),
                    101 => "a NUL \0".to_owned(),
                    _ => "\u{fc}".repeat(255),
                },
                number: if cents == 102 { u64::MAX } else { cents },
                cents: i64::try_from(cents)?,
            });
        }
        Ok(())
    }
}

async fn taken_in_batches(batch: usize) {
    on_every_store(async |store| {
        let accounts = accounts(&store);
        for (account, bad) in (1..).zip([100, 101, 102]) {
            let events = [5, bad, 6].map(|cents| (account, deposited(cents)));
            happen(&accounts, events).await;
        }
        // JSON is looked at when it is written, so nothing comes after it here.
        happen(&accounts, [(4, deposited(5)), (4, deposited(13))]).await;
        let runner = runner(&store).with_batch(batch).projection(Notes);
        runner.catch_up().await.unwrap();
        let letters = Operations::new(Arc::clone(&store));
        let letters = letters.dead_letters(None).await.unwrap();
        let letters: Vec<_> = letters.iter().map(|letter| letter.position.get()).collect();
        assert_eq!(letters, [2, 5, 8, 11]);
        let cents: Vec<_> = rows_of::<Notes>(&store).await;
        let cents: Vec<_> = cents.iter().map(|row| row.cents).collect();
        assert_eq!(cents, [5, 5, 5, 5]);
    })
    .await;
}

#[tokio::test]
async fn a_row_that_its_table_cannot_hold_parks_the_event_in_a_small_batch() {
    taken_in_batches(1).await;
}

#[tokio::test]
async fn a_row_that_its_table_cannot_hold_parks_the_event_in_a_large_batch() {
    taken_in_batches(100).await;
}
