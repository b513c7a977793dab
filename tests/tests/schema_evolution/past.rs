//! Fines as they are today, and as they were stored over the years.

use std::sync::Arc;

use rehydrate::{
    Aggregate, Batch, BoxError, Event, EventStore, Expected, NewEvent, Position, RecordedTime,
    SchemaVersion, StoredEvent, Upcast,
};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(retired("flagged"), legacy("paid_and_closed" = PaidAndClosed))]
pub(crate) enum FineEvent {
    #[event(history(IssuedV1, IssuedV2))]
    Issued {
        cents: u64,
        currency: Currency,
    },
    #[event(history(_, PaidV2), alias = "settled")]
    Paid {
        cents: u64,
        by: String,
    },
    Closed,
}

/// Reads itself with code that does not expect everything.
#[derive(Serialize, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Currency(String);

impl From<String> for Currency {
    fn from(name: String) -> Self {
        assert!(
            name.len() == 3 && name != "???",
            "no currency is called {name}"
        );
        Self(name)
    }
}

#[derive(Deserialize)]
pub(crate) struct IssuedV1 {
    euros: i64,
}

#[derive(Deserialize)]
pub(crate) struct IssuedV2 {
    cents: i64,
}

#[derive(Deserialize)]
pub(crate) struct PaidV2 {
    cents: u64,
}

#[derive(Deserialize)]
pub(crate) struct PaidAndClosed {
    cents: u64,
}

impl From<IssuedV1> for IssuedV2 {
    fn from(old: IssuedV1) -> Self {
        assert!(old.euros < 1_000, "nobody is fined {} euros", old.euros);
        Self {
            cents: old.euros * 100,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a fine of {0} cents")]
pub(crate) struct Negative(i64);

impl TryFrom<IssuedV2> for FineEvent {
    type Error = Negative;

    fn try_from(old: IssuedV2) -> Result<Self, Negative> {
        Ok(Self::Issued {
            cents: u64::try_from(old.cents).map_err(|_| Negative(old.cents))?,
            currency: "EUR".to_owned().into(),
        })
    }
}

/// Who has paid is in the metadata alone; and the stream says what for.
impl Upcast<FineEvent> for PaidV2 {
    type Error = BoxError;

    fn upcast(self, stored: &StoredEvent<'_>) -> Result<FineEvent, BoxError> {
        let payer = stored.metadata()?.actor.ok_or("nobody has paid it")?;
        if stored.category != "fine" || stored.position == Position::ZERO {
            return Err("it stands nowhere".into());
        }
        Ok(FineEvent::Paid {
            cents: self.cents,
            by: format!("{payer} for {}", stored.stream_id),
        })
    }
}

impl From<PaidAndClosed> for Vec<FineEvent> {
    fn from(old: PaidAndClosed) -> Self {
        let (cents, by) = (old.cents, "cash".to_owned());
        vec![FineEvent::Paid { cents, by }, FineEvent::Closed]
    }
}

#[derive(Aggregate, Default)]
#[aggregate(id = String, event = FineEvent)]
pub(crate) struct Fine {
    owed: u64,
    by: String,
}

impl ApplyFineEvent for Fine {
    fn issued(&mut self, cents: u64, currency: Currency) {
        self.owed += cents;
        self.by = currency.0;
    }
    fn paid(&mut self, cents: u64, by: String) {
        self.owed -= cents;
        self.by = by;
    }
    fn closed(&mut self) {}
}

/// Whose events other programs write, too.
#[derive(Event, Serialize, Deserialize)]
pub(crate) enum NoteEvent {
    Written,
    #[event(other)]
    Unknown,
}

#[derive(Aggregate, Default)]
#[aggregate(id = String, event = NoteEvent)]
pub(crate) struct Note;

impl ApplyNoteEvent for Note {
    fn written(&mut self) {}
    fn unknown(&mut self) {}
}

/// A stored event: its stream, type, schema version, payload and metadata.
pub(crate) type Stored = (
    &'static str,
    &'static str,
    u32,
    &'static str,
    Option<&'static str>,
);

const ZOE: Option<&str> = Some(r#"{"actor":"Zoë"}"#);

/// Three versions, a retired type, a split one, an older name: what is old, and can be read.
pub(crate) const READABLE: [Stored; 9] = [
    ("fine/A1", "issued", 1, r#"{"euros":50}"#, None),
    ("fine/A1", "paid", 2, r#"{"cents":2000}"#, ZOE),
    ("fine/A1", "flagged", 1, r#"{"why":"speed"}"#, None),
    ("fine/A1", "paid_and_closed", 1, r#"{"cents":3000}"#, None),
    ("fine/B2", "issued", 2, r#"{"cents":900}"#, None),
    (
        "fine/B2",
        "settled",
        3,
        r#"{"cents":900,"by":"post"}"#,
        None,
    ),
    (
        "fine/C3",
        "issued",
        3,
        r#"{"cents":5,"currency":"EUR"}"#,
        ZOE,
    ),
    ("fine/C3", "issued", 1, r#"{"euros":7}"#, None),
    ("note/1", "scribbled", 4, "7", None),
];

/// What nobody can read.
pub(crate) const UNREADABLE: [Stored; 12] = [
    ("fine/D4", "issued", 1, r#"{"euros":1000}"#, None),
    ("fine/D4", "issued", 2, r#"{"cents":-1}"#, None),
    ("fine/D4", "issued", 3, r#"{"cents":"many"}"#, None),
    ("fine/D4", "issued", 1, r#"{"euros":2000}"#, None),
    ("fine/D4", "paid", 1, "{}", None),
    ("fine/D4", "paid", 2, r#"{"cents":1}"#, None),
    ("fine/D4", "paid", 4, "{}", None),
    ("fine/D4", "towed", 1, "{}", None),
    ("fine/D4", "Flagged", 1, "{}", None),
    (
        "fine/D4",
        "settled",
        3,
        r#"{"cents":1,"by":"x"}"#,
        Some("[1]"),
    ),
    ("car/X1", "sold", 1, "{}", None),
    ("car/X1", "sold", 1, "{}", None),
];

/// Stores events, a minute after each other, and says where they are.
pub(crate) async fn store(store: &dyn EventStore, events: &[Stored]) -> Vec<Position> {
    let mut positions = Vec::new();
    for (minute, (stream, event_type, version, payload, metadata)) in (0..).zip(events) {
        let event = NewEvent::new(*event_type, SchemaVersion(*version), *payload);
        let at = at(minute);
        let batch = Batch {
            metadata: metadata.map(ToOwned::to_owned),
            ..Batch::new(vec![event], RecordedTime::Clock(at))
        };
        let stream = stream.parse().unwrap();
        let appended = store.append(&stream, Expected::Any, &batch).await.unwrap();
        positions.push(appended.position);
    }
    positions
}

pub(crate) fn at(minute: i64) -> chrono::DateTime<chrono::Utc> {
    let noon: chrono::DateTime<chrono::Utc> = "2016-03-01T12:00:00Z".parse().unwrap();
    noon + chrono::TimeDelta::minutes(minute)
}

/// Everything, readable or not.
pub(crate) async fn whole_past(store: Arc<dyn EventStore>) -> Vec<Position> {
    let all = [&READABLE[..], &UNREADABLE[..]].concat();
    self::store(&*store, &all).await
}

/// So many payments, some of which cannot be read.
pub(crate) async fn many(store: &dyn EventStore, payments: usize, bad: &[usize]) {
    let each = 500;
    for begin in (0..payments).step_by(each) {
        let new = (begin..payments.min(begin + each)).map(|number| {
            let payload = if bad.contains(&number) {
                "{}"
            } else {
                r#"{"cents":1,"by":"post"}"#
            };
            NewEvent::new("paid", SchemaVersion(3), payload)
        });
        let batch = Batch::new(new.collect(), RecordedTime::Clock(at(0)));
        let stream = "fine/many".parse().unwrap();
        store.append(&stream, Expected::Any, &batch).await.unwrap();
    }
}
