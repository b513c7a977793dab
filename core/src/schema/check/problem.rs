//! What keeps a program from being shipped, and what to write instead.

use std::fmt;

use rehydrate_port::SchemaVersion;

use super::text::Text;

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
    /// What to do instead once no store holds it.
    pub(super) parting: Option<Parting>,
}

/// How to part with what no store holds any more.
#[derive(Clone, Debug)]
pub(super) struct Parting {
    /// What to do with events.lock, and these lines.
    pub(super) lock: (String, String),
    /// The stored types whose golden events go with it.
    pub(super) types: Vec<String>,
    /// Those golden events.
    pub(super) golden: Vec<String>,
}

impl Problem {
    /// Whether it is about this version.
    pub(super) fn is_about(&self, event_enum: &str, event_type: &str, version: u32) -> bool {
        self.event_enum == event_enum
            && self.is_about_type(event_type)
            && self.schema_version.is_none_or(|own| own == version)
    }

    /// How to part with the whole enum, if it is about that.
    pub(super) fn parting_of_enum(&mut self) -> Option<&mut Parting> {
        let is_whole = self.event_type.is_none();
        self.parting.as_mut().filter(|_| is_whole)
    }

    fn is_about_type(&self, event_type: &str) -> bool {
        match &self.parting {
            Some(parting) => parting.types.iter().any(|own| own == event_type),
            None => self.event_type.as_deref() == Some(event_type),
        }
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
        let parting = self.parting.as_ref().map(Parting::show);
        format!("{head}\n\n{}{}", self.remedy, parting.unwrap_or_default())
    }
}

impl Parting {
    fn show(&self) -> String {
        let mut text = Text::default();
        let (start, lines) = &self.lock;
        text.prose(
            2,
            &format!("Or, if `ops schema census` shows that no store holds it any more: {start}"),
        );
        text.code(6, lines);
        if !self.golden.is_empty() {
            text.prose(2, "and delete its golden events:");
            text.code(6, &self.golden.join("\n"));
        }
        format!("\n\n{}", text.finish())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.after(""))
    }
}
