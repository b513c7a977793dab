//! Read models of accounts.

use std::sync::Arc;

use rehydrate::{
    BoxError, EventStore, Projection, ReadModel, Recorded, Repository, RowScope, Rows,
};
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountEvent};

/// What an account holds, and how many events said so: one too many would show.
#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "wealth")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Wealth {
    #[read_model(key)]
    pub account: u64,
    pub owner: Option<String>,
    #[read_model(index)]
    pub cents: i64,
    pub events: u32,
}

/// The wealth of all accounts. Version 1 has a fault: it forgets withdrawals.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wealths<const VERSION: u32 = 2> {
    /// What it does about deposits of 13 cents.
    pub on_thirteen: OnThirteen,
}

/// What a projection does about deposits of 13 cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnThirteen {
    /// It takes them like others.
    #[default]
    Takes,
    /// It fails.
    Fails,
    /// It panics, after it has changed the row.
    Panics,
}

impl<const VERSION: u32> Projection for Wealths<VERSION> {
    type Events = Account;
    type Row = Wealth;

    const NAME: &'static str = "wealth";
    const VERSION: u32 = VERSION;
    const ROWS: RowScope = RowScope::PerStream;

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
        let account = event.id()?;
        let wealth = row.get_or_insert(Wealth {
            account,
            owner: None,
            cents: 0,
            events: 0,
        });
        wealth.events += 1;
        match &event.event {
            AccountEvent::Opened { owner } => wealth.owner = Some(owner.clone()),
            AccountEvent::Deposited { cents } => {
                wealth.cents += i64::try_from(*cents)?;
                if *cents == 13 && self.on_thirteen == OnThirteen::Fails {
                    return Err("thirteen is unlucky".into());
                }
                assert!(
                    *cents != 13 || self.on_thirteen != OnThirteen::Panics,
                    "thirteen is very unlucky"
                );
            }
            AccountEvent::Withdrawn { cents } if VERSION > 1 => {
                wealth.cents -= i64::try_from(*cents)?;
            }
            AccountEvent::Withdrawn { .. } => {}
        }
        Ok(())
    }
}

/// What came in and what went out in all: rows of the events of all streams, which adds.
#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "flows")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Flow {
    #[read_model(key)]
    pub direction: String,
    pub cents: i64,
    pub events: u64,
}

/// The flows of all accounts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flows;

impl Projection for Flows {
    type Events = Account;
    type Row = Flow;

    const NAME: &'static str = "flows";

    fn keys(
        &self,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<impl IntoIterator<Item = String>, BoxError> {
        Ok(match event.event {
            AccountEvent::Opened { .. } => None,
            AccountEvent::Deposited { .. } => Some("in".to_owned()),
            AccountEvent::Withdrawn { .. } => Some("out".to_owned()),
        })
    }

    fn apply(
        &self,
        row: &mut Option<Flow>,
        event: &Recorded<'_, AccountEvent>,
    ) -> Result<(), BoxError> {
        let (direction, amount) = match event.event {
            AccountEvent::Opened { .. } => return Ok(()),
            AccountEvent::Deposited { cents } => ("in", cents),
            AccountEvent::Withdrawn { cents } => ("out", cents),
        };
        let flow = row.get_or_insert_with(|| Flow {
            direction: direction.to_owned(),
            cents: 0,
            events: 0,
        });
        flow.cents += i64::try_from(amount)?;
        flow.events += 1;
        Ok(())
    }
}

/// All rows of a projection, by key.
///
/// # Panics
/// They cannot be read.
pub async fn rows_of<P: Projection>(store: &Arc<dyn EventStore>) -> Vec<P::Row> {
    let rows = Rows::<P>::new(Arc::clone(store)).all().read().await;
    rows.expect("the rows can be read").rows
}

/// Appends events to accounts, one commit each.
///
/// # Panics
/// The store refuses.
pub async fn happen(
    accounts: &Repository<Account>,
    events: impl IntoIterator<Item = (u64, AccountEvent)>,
) {
    for (id, event) in events {
        let decided = accounts.execute(&id, |_| Ok::<_, std::convert::Infallible>(event.clone()));
        decided.await.expect("the store takes it");
    }
}
