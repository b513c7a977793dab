//! A description of what an event enum stores, made by `derive(Event)`.

use crate::stream::SchemaVersion;

/// Everything an event enum can read and write: [`Event::SCHEMA`](crate::Event::SCHEMA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventSchema {
    /// The enum's name in the code.
    pub name: &'static str,
    /// Its event types, in the order of its variants.
    pub types: &'static [EventTypeSchema],
    /// Stored types that decode to nothing.
    pub retired: &'static [&'static str],
    /// Stored types that decode to any number of today's events.
    pub legacy: &'static [EventTypeSchema],
    /// The type that stands for unknown ones, if the enum tolerates them.
    pub other: Option<&'static str>,
}

/// One stored event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTypeSchema {
    /// The stored name.
    pub name: &'static str,
    /// Older stored names that are read as this type.
    pub aliases: &'static [&'static str],
    /// The shapes of schema version 1, 2, 3 …; the last one is today's.
    pub versions: &'static [Shape],
}

impl EventTypeSchema {
    /// The schema version that is written today.
    #[must_use]
    pub const fn newest(&self) -> SchemaVersion {
        let mut version = 0;
        let mut rest = self.versions;
        while let [_, tail @ ..] = rest {
            version += 1;
            rest = tail;
        }
        SchemaVersion(version)
    }
}

/// The shape of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// No content.
    Unit,
    /// These fields.
    Fields(&'static [FieldSchema]),
    /// A type, as it is written in the code.
    Type(&'static str),
    /// A version that was never shipped or is no longer read.
    Unsupported,
}

/// One field of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSchema {
    /// The field's name in the code.
    pub name: &'static str,
    /// Its type, as it is written in the code.
    pub ty: &'static str,
    /// Its serde attributes, as they are written in the code, and the `rename_all` of its variant
    /// or the `rename_all_fields` of the enum; empty if there are none.
    pub serde: &'static str,
}
