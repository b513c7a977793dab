//! W5: a projection, folded in memory.

use std::sync::Arc;

use peers_harness::{Counts, Outcome};
use rehydrate::{BoxError, EventStore, InMemory, Projection, ReadModel, Recorded};
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountEvent};

#[derive(ReadModel, Clone, Default, Serialize, Deserialize)]
#[read_model(table = "counts")]
struct Row {
    #[read_model(key)]
    id: u32,
    opened: u64,
    deposited: u64,
    withdrawn: u64,
    sum: i64,
}

struct Counter;

const ALL: u32 = 1;

impl Projection for Counter {
    type Events = Account;
    type Row = Row;

    const NAME: &'static str = "counts";

    fn keys(
        &self,
        _: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = u32>, BoxError> {
        Ok([ALL])
    }

    fn apply(
        &self,
        row: &mut Option<Row>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        let row = row.get_or_insert_with(|| Row {
            id: ALL,
            ..Row::default()
        });
        match &event.event {
            AccountEvent::Opened { .. } => row.opened += 1,
            AccountEvent::Deposited { amount, .. } => {
                row.deposited += 1;
                row.sum += amount;
            }
            AccountEvent::Withdrawn { amount, .. } => {
                row.withdrawn += 1;
                row.sum -= amount;
            }
        }
        Ok(())
    }
}

pub(crate) async fn replay(store: Arc<dyn EventStore>) -> Outcome<Counts> {
    let view = InMemory::new(store, Counter);
    view.refresh().await?;
    let row = view.get(&ALL).ok_or("no event was counted")?;
    Ok(Counts {
        opened: row.opened,
        deposited: row.deposited,
        withdrawn: row.withdrawn,
        sum: row.sum,
    })
}
