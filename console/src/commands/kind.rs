//! Stored events of one type and version, as every command shows them.

use rehydrate::SchemaVersion;
use serde::Serialize;

use crate::table::Column::{self, Number, Text};

/// The stored events of one type and schema version.
#[derive(Serialize)]
pub(crate) struct Kind {
    pub(crate) category: String,
    #[serde(rename = "type")]
    pub(crate) event_type: String,
    pub(crate) schema_version: u32,
    pub(crate) events: u64,
}

impl Kind {
    /// The heads of its columns.
    pub(crate) const COLUMNS: [Column<'static>; 4] = [
        Text("CATEGORY"),
        Text("TYPE"),
        Number("V"),
        Number("EVENTS"),
    ];

    pub(crate) fn new(
        category: String,
        event_type: String,
        version: SchemaVersion,
        events: u64,
    ) -> Self {
        Self {
            category,
            event_type,
            schema_version: version.get(),
            events,
        }
    }

    pub(crate) fn cells(&self) -> [String; 4] {
        [
            self.category.clone(),
            self.event_type.clone(),
            self.schema_version.to_string(),
            self.events.to_string(),
        ]
    }
}
