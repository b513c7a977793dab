//! Fines as other programs see them: JSON.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use rehydrate::{Decoded, Event, HistoryEntry, LoadError, Metadata, Repository, Root, Version};
use serde::Serialize;
use serde_json::Value;

use crate::fine::{Appeal, Fine, FineEvent, FineId, Stage};
use crate::money::Cents;

/// The moment at which a fine is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Today.
    Now,
    /// After its event of this version.
    Version(Version),
    /// After its last event up to this time.
    Time(DateTime<Utc>),
}

impl At {
    /// Loads a fine as it was; none if there was no such fine.
    ///
    /// # Errors
    /// The fine never had the version, or it cannot be loaded.
    pub async fn load(
        self,
        fines: &Repository<Fine>,
        id: &FineId,
    ) -> Result<Option<Root<Fine>>, LoadError> {
        let fine = match self {
            Self::Now => fines.load(id).await?,
            Self::Version(version) => match fines.load_at(id, version).await {
                Err(LoadError::NoSuchVersion { latest, .. }) if latest == Version::ZERO => {
                    return Ok(None);
                }
                loaded => loaded?,
            },
            Self::Time(time) => fines.load_as_of(id, time).await?,
        };
        Ok((!fine.is_new()).then_some(fine))
    }
}

/// A fine at a version.
#[derive(Clone, Debug, Serialize)]
pub struct FineView {
    /// Its id.
    pub fine: String,
    /// How many events made it what it is.
    pub version: Version,
    /// Its state.
    #[serde(flatten)]
    pub state: StateView,
}

/// The state of a fine.
#[derive(Clone, Debug, Serialize)]
#[expect(
    missing_docs,
    reason = "the fields are those of Fine, documented there"
)]
pub struct StateView {
    pub stage: Stage,
    pub amount_cents: Cents,
    pub penalty_cents: Option<Cents>,
    pub expense_cents: Cents,
    pub owed_cents: Cents,
    pub paid_cents: Cents,
    pub outstanding_cents: Cents,
    pub payments: u32,
    pub appeal: Option<Appeal>,
    pub dismissal: Option<String>,
}

/// Everything that happened to a fine.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryView {
    /// Its id.
    pub fine: FineId,
    /// What happened, from the first event.
    pub history: Vec<EntryView>,
}

/// One event, and the state after it.
#[derive(Clone, Debug, Serialize)]
pub struct EntryView {
    /// Its number in the fine's stream.
    pub version: Version,
    /// When it happened.
    pub recorded_at: DateTime<Utc>,
    /// The type under which it is stored.
    pub r#type: String,
    /// The version of the shape in which it is stored.
    pub schema_version: u32,
    /// What it means today.
    pub event: Value,
    /// Who caused it, in the course of what.
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// The state after it.
    pub state: StateView,
}

impl FineView {
    /// A fine at a version.
    #[must_use]
    pub fn new(id: impl ToString, version: Version, fine: &Fine) -> Self {
        Self {
            fine: id.to_string(),
            version,
            state: fine.into(),
        }
    }
}

impl From<&Fine> for StateView {
    fn from(fine: &Fine) -> Self {
        Self {
            stage: fine.stage,
            amount_cents: fine.amount,
            penalty_cents: fine.penalty,
            expense_cents: fine.expense,
            owed_cents: fine.owed(),
            paid_cents: fine.paid,
            outstanding_cents: fine.outstanding(),
            payments: fine.payments,
            appeal: fine.appeal,
            dismissal: fine.dismissal.clone(),
        }
    }
}

impl HistoryView {
    /// Reads a fine's history; none if there is no such fine.
    ///
    /// # Errors
    /// An event cannot be read.
    pub async fn read(fines: &Repository<Fine>, id: FineId) -> Result<Option<Self>, LoadError> {
        let history: Vec<_> = fines
            .history(&id)
            .map_ok(EntryView::from)
            .try_collect()
            .await?;
        let is_known = !history.is_empty();
        Ok(is_known.then_some(Self { fine: id, history }))
    }
}

impl From<HistoryEntry<Fine>> for EntryView {
    fn from(entry: HistoryEntry<Fine>) -> Self {
        Self {
            version: entry.version,
            recorded_at: entry.recorded_at,
            r#type: entry.event_type,
            schema_version: entry.schema_version.get(),
            event: contents(entry.events),
            metadata: entry.metadata,
            state: (&entry.state).into(),
        }
    }
}

// One stored event is one event of today, unless its type was retired or split.
fn contents(events: Decoded<FineEvent>) -> Value {
    match events {
        Decoded::Retired => Value::Null,
        Decoded::One(event) => content(&event),
        Decoded::Many(events) => events.iter().map(content).collect(),
    }
}

fn content(event: &FineEvent) -> Value {
    event
        .encode()
        .ok()
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default()
}
