//! How a program reads the events of a category, without its types.

use crate::aggregate::Aggregate;
use crate::error::DecodeError;
use crate::event::Event;
use crate::page::StoredEvent;
use crate::projection::{guarded, whole_text};
use crate::schema::{EventSchema, Meaning};
use crate::stream::SchemaVersion;

/// The longest text of a failure: what is stored may be quoted in it.
const LONGEST: usize = 1_000;

/// How this program reads the events of an aggregate, with the aggregate's type erased: for a list
/// of all that a program has.
#[derive(Clone, Copy, Debug)]
pub struct CategoryReader {
    category: &'static str,
    schema: EventSchema,
    read: fn(&StoredEvent<'_>) -> Result<usize, DecodeError>,
}

impl CategoryReader {
    /// How the events of this aggregate are read.
    #[must_use]
    pub const fn of<A: Aggregate>() -> Self {
        Self {
            category: A::CATEGORY,
            schema: A::Event::SCHEMA,
            read: |stored| {
                let events = A::Event::decode(stored)?.len();
                // The history of an aggregate and the deliveries of a reactor show it.
                stored.metadata()?;
                Ok(events)
            },
        }
    }

    /// The aggregate's stored type name.
    #[must_use]
    pub const fn category(&self) -> &'static str {
        self.category
    }

    /// Everything that the aggregate's event enum can read.
    #[must_use]
    pub const fn schema(&self) -> &EventSchema {
        &self.schema
    }

    /// What a stored type and schema version of this category means to the program.
    #[must_use]
    pub fn meaning(&self, event_type: &str, version: SchemaVersion) -> Meaning {
        self.schema.meaning(event_type, version)
    }

    /// How many of today's events a stored one is, or what is wrong with it.
    pub(super) fn read(&self, stored: &StoredEvent<'_>) -> Result<usize, String> {
        let mut text = match guarded(|| Ok((self.read)(stored))) {
            Ok(Ok(events)) => return Ok(events),
            Ok(Err(error)) => whole_text(&error.problem),
            Err(panic) => format!("cannot be decoded, the code that reads it {panic}"),
        };
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(end);
            text.push('…');
        }
        Err(text)
    }
}
