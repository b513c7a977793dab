//! A wallet whose events have changed often.

use std::num::ParseIntError;

use chrono::Datelike as _;
use rehydrate::{Aggregate, DecodeError, Event, StoredEvent, Upcast};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
#[event(retired("frozen"), legacy("moved" = Moved))]
pub(crate) enum WalletEvent {
    #[event(history(OpenedV1), alias = "created")]
    Opened { owner: String, year: i32 },
    #[event(history(PaidInV1, PaidInV2))]
    PaidIn(PaidIn),
    #[event(history(_, SpentV2))]
    Spent { cents: i64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PaidIn {
    pub(crate) cents: i64,
    pub(crate) note: String,
}

#[derive(Deserialize)]
pub(crate) struct OpenedV1 {
    owner: String,
}

impl Upcast<WalletEvent> for OpenedV1 {
    type Error = std::convert::Infallible;

    fn upcast(self, stored: &StoredEvent<'_>) -> Result<WalletEvent, Self::Error> {
        Ok(opened(&self.owner, stored.recorded_at.year()))
    }
}

#[derive(Deserialize)]
pub(crate) struct PaidInV1 {
    euros: i64,
}

#[derive(Deserialize)]
pub(crate) struct PaidInV2 {
    cents: i64,
}

impl From<PaidInV1> for PaidInV2 {
    fn from(old: PaidInV1) -> Self {
        Self {
            cents: old.euros * 100,
        }
    }
}

impl Upcast<PaidIn> for PaidInV2 {
    type Error = DecodeError;

    fn upcast(self, stored: &StoredEvent<'_>) -> Result<PaidIn, Self::Error> {
        let actor = stored.metadata()?.actor.unwrap_or_default();
        Ok(PaidIn {
            cents: self.cents,
            note: format!(
                "{}/{} {} at {} in {} by {actor}",
                stored.category,
                stored.stream_id,
                stored.version,
                stored.position,
                stored.recorded_at.year(),
            ),
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct SpentV2 {
    amount: String,
}

impl TryFrom<SpentV2> for WalletEvent {
    type Error = ParseIntError;

    fn try_from(old: SpentV2) -> Result<Self, Self::Error> {
        assert!(old.amount != "panic", "nobody can spend that");
        Ok(spent(old.amount.parse()?))
    }
}

/// What was paid in and spent in one go.
#[derive(Deserialize)]
pub(crate) struct Moved {
    parts: Vec<i64>,
}

impl From<Moved> for Vec<WalletEvent> {
    fn from(old: Moved) -> Self {
        let parts = old.parts.into_iter();
        parts
            .map(|cents| match cents {
                0.. => paid_in(cents, "moved"),
                _ => spent(-cents),
            })
            .collect()
    }
}

pub(crate) fn opened(owner: &str, year: i32) -> WalletEvent {
    WalletEvent::Opened {
        owner: owner.to_owned(),
        year,
    }
}

pub(crate) fn paid_in(cents: i64, note: &str) -> WalletEvent {
    let note = note.to_owned();
    WalletEvent::PaidIn(PaidIn { cents, note })
}

pub(crate) fn spent(cents: i64) -> WalletEvent {
    WalletEvent::Spent { cents }
}

/// Depends on every event, on their order and on their number, so that one too many shows.
#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(id = String, event = WalletEvent, snapshot(every = 3))]
pub(crate) struct Wallet {
    pub(crate) owner: String,
    pub(crate) year: i32,
    pub(crate) cents: i64,
    pub(crate) notes: Vec<String>,
    pub(crate) applied: u32,
}

impl ApplyWalletEvent for Wallet {
    fn opened(&mut self, owner: String, year: i32) {
        self.owner = owner;
        self.year = year;
        self.applied += 1;
    }

    fn paid_in(&mut self, paid_in: PaidIn) {
        self.cents += paid_in.cents;
        self.notes.push(paid_in.note);
        self.applied += 1;
    }

    fn spent(&mut self, cents: i64) {
        self.cents -= cents;
        self.applied += 1;
    }
}

impl Wallet {
    /// The fold by hand, which does not go through the library.
    pub(crate) fn take(&mut self, event: &WalletEvent) {
        self.applied += 1;
        match event {
            WalletEvent::Opened { owner, year } => {
                self.owner.clone_from(owner);
                self.year = *year;
            }
            WalletEvent::PaidIn(paid_in) => {
                self.cents += paid_in.cents;
                self.notes.push(paid_in.note.clone());
            }
            WalletEvent::Spent { cents } => self.cents -= cents,
        }
    }

    pub(crate) fn pay_in(&self, cents: i64) -> Result<WalletEvent, std::fmt::Error> {
        Ok(paid_in(cents, "new"))
    }
}

/// The wallet of the program that was deployed too early: it does not know `moved`, `frozen` and
/// the older shapes of `spent` and `paid_in`.
#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
pub(crate) enum EarlyEvent {
    #[event(history(OpenedV1), alias = "created")]
    Opened {
        owner: String,
        year: i32,
    },
    #[event(history(_, _))]
    PaidIn(PaidIn),
    Spent {
        cents: i64,
    },
}

impl From<EarlyEvent> for WalletEvent {
    fn from(event: EarlyEvent) -> Self {
        match event {
            EarlyEvent::Opened { owner, year } => Self::Opened { owner, year },
            EarlyEvent::PaidIn(paid_in) => Self::PaidIn(paid_in),
            EarlyEvent::Spent { cents } => Self::Spent { cents },
        }
    }
}

impl Upcast<EarlyEvent> for OpenedV1 {
    type Error = std::convert::Infallible;

    fn upcast(self, stored: &StoredEvent<'_>) -> Result<EarlyEvent, Self::Error> {
        Ok(EarlyEvent::Opened {
            owner: self.owner,
            year: stored.recorded_at.year(),
        })
    }
}

/// The same wallets, as that program sees them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Early(pub(crate) Wallet);

impl Aggregate for Early {
    type Id = String;
    type Event = EarlyEvent;
    const CATEGORY: &'static str = "wallet";

    fn apply(&mut self, event: EarlyEvent) {
        self.0.take(&event.into());
    }
}
