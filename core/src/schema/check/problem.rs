//! What keeps a program from being shipped, and what to write instead.

use std::fmt;

use super::text::Text;
use crate::stream::SchemaVersion;

/// Something stored that the program would no longer read as before, and what to write instead.
///
/// Its `Display` is the whole message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Problem {
    /// The event enum, as it is called in the code or was when it was shipped.
    pub event_enum: String,
    /// The stored type, if it is about one.
    pub event_type: Option<String>,
    /// The schema version, if it is about one.
    pub schema_version: Option<SchemaVersion>,
    pub(super) headline: String,
    pub(super) changes: Vec<String>,
    pub(super) remedy: String,
}

impl Problem {
    /// Whether it is about this version.
    pub(super) fn is_about(&self, event_enum: &str, event_type: &str, version: u32) -> bool {
        self.event_enum == event_enum
            && self.event_type.as_deref() == Some(event_type)
            && self.schema_version.is_none_or(|own| own == version)
    }
}

impl Problem {
    /// The whole message, after this one.
    pub(super) fn after(&self, start: &str) -> String {
        let mut text = Text::default();
        text.prose(0, &format!("{start}{}", self.headline));
        for change in &self.changes {
            text.prose(2, &format!("- {change}"));
        }
        text.empty_line();
        let head = text.finish();
        format!("{head}\n\n{}", self.remedy)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.after(""))
    }
}
