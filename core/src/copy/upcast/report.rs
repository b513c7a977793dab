//! What a copy has done, how far it is, and why it was not made.

use std::collections::BTreeMap;
use std::fmt;

use rehydrate_port::{
    BoxError, DecodeError, EventAddress, Position, SchemaVersion, StoreError, StoredEvent,
    StreamId, Version,
};
use serde_json::Value;

use crate::error::EncodeError;

/// What an [`UpcastCopy`](crate::UpcastCopy) has done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UpcastReport {
    /// Whether positions and versions of the target are new ones.
    pub is_renumbered: bool,
    /// The position of the source up to which the copy goes.
    pub until: Position,
    /// Events that this call has written; fewer than there are if an earlier call has written some.
    pub written: u64,
    /// Events of the source, up to where the copy goes.
    pub source: u64,
    /// Events of the target, which are more or fewer if events were split or left out.
    pub target: u64,
    /// What has become of the events of the source, by category, type, schema version and fate.
    pub types: Vec<UpcastCount>,
    /// Streams whose states were compared.
    pub streams: u64,
    /// How many of them have another state, or another version, in the target.
    pub differing: u64,
    /// The first 100 of them.
    pub different: Vec<UpcastDifference>,
}

impl UpcastReport {
    /// What stands in the target as the past has written it: the program has to keep the attribute
    /// that reads it.
    pub fn kept(&self) -> impl Iterator<Item = &UpcastCount> {
        self.types
            .iter()
            .filter(|count| count.fate.attribute().is_some())
    }
}

/// How many events of a type and schema version have had the same fate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpcastCount {
    /// The aggregate's stored type name.
    pub category: String,
    /// The type under which the source has them.
    pub event_type: String,
    /// The schema version in which the source has them.
    pub schema_version: SchemaVersion,
    /// What has become of them.
    pub fate: UpcastFate,
    /// How many there are.
    pub events: u64,
}

impl fmt::Display for UpcastCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ty, version) = (&self.event_type, self.schema_version);
        if let Some(attribute) = self.fate.attribute() {
            write!(f, "`{attribute}` for ")?;
        }
        write!(
            f,
            "{} of {}, schema version {version}: {} {}",
            ty, self.category, self.events, self.fate
        )
    }
}

/// What has become of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UpcastFate {
    /// It had today's type and version already, and was copied byte for byte.
    Current,
    /// It has today's type, version and encoding now.
    Rewritten,
    /// Its type is retired, and it was copied as it is stored.
    KeptRetired,
    /// It is today none or several, and was copied as it is stored.
    KeptLegacy,
    /// Its type is not known, which the enum tolerates, and it was copied as it is stored.
    KeptOther,
    /// It is nothing today, and is not in the target.
    LeftOut,
    /// It is several events in the target.
    Split,
}

impl UpcastFate {
    /// Its name for programs, such as `kept_retired`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Rewritten => "rewritten",
            Self::KeptRetired => "kept_retired",
            Self::KeptLegacy => "kept_legacy",
            Self::KeptOther => "kept_other",
            Self::LeftOut => "left_out",
            Self::Split => "split",
        }
    }

    /// The attribute of the event enum that is needed as long as such events are stored.
    #[must_use]
    pub const fn attribute(self) -> Option<&'static str> {
        match self {
            Self::KeptRetired => Some("retired"),
            Self::KeptLegacy => Some("legacy"),
            Self::KeptOther => Some("other"),
            Self::Current | Self::Rewritten | Self::LeftOut | Self::Split => None,
        }
    }
}

impl fmt::Display for UpcastFate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Current => "copied byte for byte",
            Self::Rewritten => "rewritten",
            Self::KeptRetired | Self::KeptLegacy | Self::KeptOther => "kept as stored",
            Self::LeftOut => "left out",
            Self::Split => "split",
        })
    }
}

/// A stream whose aggregate is not the same in both stores.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UpcastDifference {
    /// The stream.
    pub stream: StreamId,
    /// Its version in the source.
    pub source_version: Version,
    /// The state in the source.
    pub source: Value,
    /// Its version in the target.
    pub target_version: Version,
    /// The state in the target.
    pub target: Value,
}

/// How far an [`UpcastCopy`](crate::UpcastCopy) has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpcastProgress {
    /// Events are upcast, and compared with what the target has or written into it.
    Copying {
        /// Events written by this call.
        written: u64,
        /// The position of the source up to which everything is in the target.
        position: Position,
        /// The position of the source up to which this call copies.
        until: Position,
    },
    /// The states of the aggregates are compared.
    Comparing {
        /// So many have been.
        streams: u64,
    },
}

impl fmt::Display for UpcastProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copying {
                written,
                position,
                until,
            } => write!(
                f,
                "position {position} of {until}, {written} events written"
            ),
            Self::Comparing { streams } => write!(f, "{streams} states compared"),
        }
    }
}

/// Why a log was not copied as today's program would have written it.
///
/// What was written is kept, and is right: call it again once the cause is mended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpcastCopyError {
    /// The source has events of aggregates that were not named. Nothing was written.
    #[error(
        "the source has events of {}, which this copy does not know: register their aggregates", categories.join(", ")
    )]
    UnknownCategories {
        /// Their categories, all of them.
        categories: Vec<String>,
    },
    /// The target has an event that this copy would not write there. Nothing was written.
    #[error(
        "the target is not an earlier part of this copy, because of {found}: copy into an empty store"
    )]
    NotThisCopy {
        /// The event of the target.
        found: Box<EventAddress>,
    },
    /// An event of the source cannot be read by this program.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// An event cannot be written in today's shape.
    #[error("cannot rewrite {event}")]
    Encode {
        /// The event of the source.
        event: Box<EventAddress>,
        /// What the serializer said.
        source: EncodeError,
    },
    /// An event in today's shape is not read as what was written.
    #[error("cannot rewrite {event}: what would be written is read as something else")]
    NotReadBack {
        /// The event of the source.
        event: Box<EventAddress>,
        /// How it is read.
        source: BoxError,
    },
    /// The state of an aggregate cannot be written as JSON, so it cannot be compared.
    #[error("the state of {stream} cannot be written as JSON")]
    State {
        /// The stream.
        stream: StreamId,
        /// What the serializer said.
        source: serde_json::Error,
    },
    /// Aggregates have another state, or another version, in the target. Do not use it.
    #[error(
        "{} of {} aggregates are not the same in the target, such as {}",
        report.differing, report.streams, first_of(report)
    )]
    Different {
        /// What was done, and which streams differ.
        report: Box<UpcastReport>,
    },
    /// One of the stores failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn first_of(report: &UpcastReport) -> String {
    let first = report.different.first();
    first.map_or_else(String::new, |different| different.stream.to_string())
}

/// What has become of the events so far. It grows with the types, not with the events.
#[derive(Debug, Default)]
pub(super) struct Counts {
    events: u64,
    /// By category and type.
    seen: BTreeMap<String, BTreeMap<String, Fates>>,
}

type Fates = BTreeMap<(SchemaVersion, UpcastFate), u64>;

impl Counts {
    pub(super) fn count(&mut self, stored: &StoredEvent<'_>, fate: UpcastFate) {
        self.events += 1;
        let key = (stored.schema_version, fate);
        let types = self.seen.get_mut(stored.category);
        match types.and_then(|types| types.get_mut(stored.event_type)?.get_mut(&key)) {
            Some(count) => *count += 1,
            None => {
                let types = self.seen.entry(stored.category.to_owned()).or_default();
                let fates = types.entry(stored.event_type.to_owned()).or_default();
                fates.insert(key, 1);
            }
        }
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn into_types(self) -> Vec<UpcastCount> {
        let mut counts = Vec::new();
        for (category, types) in self.seen {
            for (event_type, fates) in types {
                for ((schema_version, fate), events) in fates {
                    counts.push(UpcastCount {
                        category: category.clone(),
                        event_type: event_type.clone(),
                        schema_version,
                        fate,
                        events,
                    });
                }
            }
        }
        counts
    }
}
