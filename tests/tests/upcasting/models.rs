//! Read models of wallets, and what they hold by hand.

use rehydrate::{BoxError, EventOf, EventStore, Projection, ReadModel, Recorded, RowScope, Runner};
use serde::{Deserialize, Serialize};

use std::sync::Arc;
use std::time::Duration;

use crate::Stored;
use crate::domain::{Early, EarlyEvent, Wallet, WalletEvent};

/// What a wallet holds, and how many events said so: one too many would show.
#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "balances")]
pub(crate) struct Balance {
    #[read_model(key)]
    pub(crate) wallet: String,
    pub(crate) cents: i64,
    pub(crate) events: u32,
}

/// The balances; they fail at an amount, with a panic if the amount is odd.
#[derive(Clone, Copy, Default)]
pub(crate) struct Balances<const SHARDS: u32 = 1> {
    pub(crate) fails_at: Option<i64>,
}

impl Balance {
    fn take(row: &mut Option<Self>, wallet: &str, event: &WalletEvent) {
        let row = row.get_or_insert_with(|| Self {
            wallet: wallet.to_owned(),
            cents: 0,
            events: 0,
        });
        row.events += 1;
        row.cents += amount(event);
    }
}

fn amount(event: &WalletEvent) -> i64 {
    match event {
        WalletEvent::Opened { .. } => 0,
        WalletEvent::PaidIn(paid_in) => paid_in.cents,
        WalletEvent::Spent { cents } => -cents,
    }
}

impl<const SHARDS: u32> Projection for Balances<SHARDS> {
    type Events = Wallet;
    type Row = Balance;
    const NAME: &'static str = "balances";
    const ROWS: RowScope = RowScope::PerStream;
    const SHARDS: u32 = SHARDS;

    fn keys(
        &self,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<impl IntoIterator<Item = String>, BoxError> {
        Ok([event.stream_id.to_owned()])
    }

    fn apply(
        &self,
        row: &mut Option<Balance>,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<(), BoxError> {
        // First, so that what must not be kept is there to be kept.
        Balance::take(row, event.stream_id, &event.event);
        match self.fails_at {
            Some(at) if at == amount(&event.event) => {
                assert!(at % 2 == 0, "{at} is odd");
                Err(format!("{at} cannot be taken").into())
            }
            _ => Ok(()),
        }
    }
}

/// The balances of the program that was deployed too early.
pub(crate) struct EarlyBalances;

impl Projection for EarlyBalances {
    type Events = Early;
    type Row = Balance;
    const NAME: &'static str = "balances";
    const ROWS: RowScope = RowScope::PerStream;

    fn keys(
        &self,
        event: &Recorded<'_, EarlyEvent>,
    ) -> Result<impl IntoIterator<Item = String>, BoxError> {
        Ok([event.stream_id.to_owned()])
    }

    fn apply(
        &self,
        row: &mut Option<Balance>,
        event: &Recorded<'_, EarlyEvent>,
    ) -> Result<(), BoxError> {
        Balance::take(row, event.stream_id, &event.event.clone().into());
        Ok(())
    }
}

/// The rows of [`Balances`] by hand.
pub(crate) fn balances<'a>(stored: impl IntoIterator<Item = &'a Stored>) -> Vec<Balance> {
    let mut rows = std::collections::BTreeMap::<&str, Option<Balance>>::new();
    for stored in stored {
        for event in &stored.today {
            Balance::take(rows.entry(stored.stream).or_default(), stored.stream, event);
        }
    }
    rows.into_values().flatten().collect()
}

/// A line for every event that a stored one is today. Taking one twice changes nothing.
#[derive(ReadModel, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[read_model(table = "journal")]
pub(crate) struct Line {
    #[read_model(key)]
    pub(crate) position: i64,
    #[read_model(key)]
    pub(crate) part: i32,
    pub(crate) wallet: String,
    pub(crate) version: i64,
    pub(crate) micros: i64,
    pub(crate) actor: String,
    pub(crate) cents: i64,
}

#[derive(Clone, Copy)]
pub(crate) struct Journal;

impl Projection for Journal {
    type Events = Wallet;
    type Row = Line;
    const NAME: &'static str = "journal";
    const IDEMPOTENT: bool = true;

    fn keys(
        &self,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<impl IntoIterator<Item = (i64, i32)>, BoxError> {
        Ok([(number(event.position.get()), i32::try_from(event.part)?)])
    }

    fn apply(
        &self,
        row: &mut Option<Line>,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<(), BoxError> {
        *row = Some(Line {
            position: number(event.position.get()),
            part: i32::try_from(event.part)?,
            wallet: event.id()?,
            version: number(event.version.get()),
            micros: event.recorded_at().timestamp_micros(),
            actor: event.metadata()?.actor.unwrap_or_default(),
            cents: amount(&event.event),
        });
        Ok(())
    }
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap()
}

/// The rows of [`Journal`] by hand.
pub(crate) fn journal(all: &[Stored]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, stored) in all.iter().enumerate() {
        for (part, event) in (0..).zip(&stored.today) {
            lines.push(Line {
                position: number(stored.position.get()),
                part,
                wallet: stored.stream.to_owned(),
                version: number(stored.version.get()),
                micros: stored.recorded_at.timestamp_micros(),
                actor: format!("clerk {index}"),
                cents: amount(event),
            });
        }
    }
    lines
}

pub(crate) fn runner(store: &Arc<dyn EventStore>) -> Runner {
    Runner::new(Arc::clone(store)).with_poll(Duration::from_millis(20))
}
