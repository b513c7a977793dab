//! Rows that cannot be stored, which only shows once they are.

use std::sync::Arc;

use rehydrate::{
    BoxError, EventStore, Operations, Projection, ReadModel, Recorded, RowScope, Version,
};
use rehydrate_tests::account::{Account, AccountEvent};
use rehydrate_tests::read_models::{happen, rows_of};
use rehydrate_tests::stores::on_every_store;
use serde::{Deserialize, Serialize, Serializer};

use super::{accounts, deposited, runner};

/// A text of as many letters as cents were deposited last, which an index does not take for long.
#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "texts")]
struct Text {
    #[read_model(key)]
    account: u64,
    #[read_model(index)]
    text: String,
    events: u32,
}

struct Texts {
    takes_thirteen: bool,
}

impl Projection for Texts {
    type Events = Account;
    type Row = Text;

    const NAME: &'static str = "texts";
    const ROWS: RowScope = RowScope::PerStream;

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
        Ok([event.id()?])
    }

    fn apply(
        &self,
        row: &mut Option<Text>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        let AccountEvent::Deposited { cents } = event.event else {
            return Ok(());
        };
        if cents == 13 && !self.takes_thirteen {
            return Err("thirteen is unlucky".into());
        }
        let row = row.get_or_insert(Text {
            account: event.id()?,
            text: String::new(),
            events: 0,
        });
        row.text = "x".repeat(usize::try_from(cents)?);
        row.events += 1;
        Ok(())
    }
}

async fn catch_up<P: Projection>(store: &Arc<dyn EventStore>, projection: P) {
    let caught_up = runner(store).projection(projection).catch_up().await;
    caught_up.unwrap();
}

#[tokio::test]
async fn a_retried_event_is_not_blamed_for_what_a_later_one_spoils() {
    on_every_store(async |store| {
        let history = [13, 5, 1_000].map(|cents| (1, deposited(cents)));
        happen(&accounts(&store), history).await;
        let takes_thirteen = false;
        catch_up(&store, Texts { takes_thirteen }).await;
        let operations = Operations::new(Arc::clone(&store));
        assert_eq!(operations.retry_all(None).await.unwrap(), 1);
        let takes_thirteen = true;
        catch_up(&store, Texts { takes_thirteen }).await;
        let letters = operations.dead_letters(None).await.unwrap();
        let at_fault: Vec<Version> = letters.iter().map(|letter| letter.version).collect();
        assert_eq!(at_fault, [Version::new(3)]);
        let rows = rows_of::<Texts>(&store).await;
        let rows: Vec<_> = rows
            .iter()
            .map(|row| (row.text.len(), row.events))
            .collect();
        assert_eq!(rows, [(5, 2)]);
    })
    .await;
}

/// Rows that panic while they are written as JSON.
#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "brittle")]
struct BrittleRow {
    #[read_model(key)]
    account: u64,
    #[read_model(json)]
    #[serde(serialize_with = "unless_thirteen")]
    cents: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn unless_thirteen<S: Serializer>(cents: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    assert!(*cents != 13, "thirteen is very unlucky");
    serializer.serialize_u64(*cents)
}

struct Brittle;

impl Projection for Brittle {
    type Events = Account;
    type Row = BrittleRow;

    const NAME: &'static str = "brittle";

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = u64>, BoxError> {
        Ok([event.id()?])
    }

    fn apply(
        &self,
        row: &mut Option<BrittleRow>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        if let AccountEvent::Deposited { cents } = event.event {
            let account = event.id()?;
            *row = Some(BrittleRow { account, cents });
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_row_that_panics_while_it_is_written_parks_its_stream_and_no_other() {
    on_every_store(async |store| {
        happen(&accounts(&store), [(1, deposited(13)), (2, deposited(1))]).await;
        catch_up(&store, Brittle).await;
        let rows = rows_of::<Brittle>(&store).await;
        assert_eq!(rows.iter().map(|row| row.cents).collect::<Vec<_>>(), [1]);
        let operations = Operations::new(Arc::clone(&store));
        let letters = operations.dead_letters(None).await.unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].stream.to_string(), "account/1");
    })
    .await;
}
