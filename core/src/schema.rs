//! What events look like in a store, made by `derive(Event)` and `derive(Describe)`.
//!
//! Events outlive the code that wrote them. [`check!`] keeps a program from being shipped that
//! cannot read what it has stored. It is one test of a crate, with all of its event enums:
//!
//! ```no_run
//! # use rehydrate::Event;
//! # #[derive(Event, serde::Serialize, serde::Deserialize)]
//! # enum LampEvent { SwitchedOn }
//! # /*
//! #[test]
//! # */
//! fn stored_events_stay_readable() {
//!     rehydrate::schema::check!(LampEvent);
//! }
//! # stored_events_stay_readable();
//! ```
//!
//! It needs two things beside the crate's `Cargo.toml`, which `REHYDRATE_UPDATE=1 cargo test`
//! writes and which are committed:
//!
//! - `events.lock`: every event type, schema version and field that has been shipped, a line each.
//!   A change after which something stored would not be read as before (a field removed, renamed,
//!   retyped, or added without a default; a version, an alias or a type that is gone) fails the
//!   test, and the message has the code to write instead. Whatever is compatible (a new type, a new
//!   version, a new optional field) fails it, too, until the update has written it down: from then
//!   on it must stay.
//! - `events.golden/<Enum>/<type>.v<version>.json`: one stored event for each of them. The update
//!   makes it up from the description, and never touches it again. Each check decodes it, and for
//!   today's version writes it back, which finds what descriptions cannot see: an upcast that
//!   refuses, a `with` module that writes another form. Real ones can stand beside it, as
//!   `<type>.v<version>.<anything>.json`, just as `ops stream --raw --json` prints them.
//!
//! Changes are looked for as deep as types are described, by `derive(Describe)` on value types;
//! the check lists what it cannot see into.
//!
//! ```
//! use rehydrate::schema::Check;
//! use rehydrate::Event;
//! use serde::{Deserialize, Serialize};
//!
//! mod shipped {
//!     # use super::*;
//!     #[derive(Event, Serialize, Deserialize)]
//!     pub enum PaymentEvent { Captured { cents: u64 } }
//! }
//! mod now {
//!     # use super::*;
//!     #[derive(Event, Serialize, Deserialize)]
//!     pub enum PaymentEvent { Captured { amount: u64 } }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("rehydrate-schema-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! Check::in_folder(&folder).event::<shipped::PaymentEvent>().update()?;
//!
//! let refused = Check::in_folder(&folder).event::<now::PaymentEvent>().check();
//! let message = refused.unwrap_err().to_string();
//! assert!(message.contains("field `cents` was removed and `amount` was added"));
//! assert!(message.contains(r#"write `#[serde(alias = "cents")]` on it"#));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! ```

use rehydrate_port::SchemaVersion;

mod any;
#[cfg(feature = "lock")]
mod check;
mod describe;
#[cfg(feature = "lock")]
mod golden;
mod hash;
mod known;
#[cfg(feature = "lock")]
mod lock;

pub use rehydrate_macros::Describe;

pub use self::any::AnyEvent;
#[cfg(feature = "lock")]
pub use self::check::{Check, CheckError, Checked, Mode, NoExample, Problem, Unseen};
pub use self::describe::{Describe, FieldSchema, Shape, Tagging, TypeSchema, VariantSchema};

/// Compares the event enums of a crate with its `events.lock` and its `events.golden`: one
/// statement in a `#[test]`, with all enums of the crate.
///
/// It fails if something that was shipped would no longer be read as before, with what to write
/// instead; and if the files lack something, until `REHYDRATE_UPDATE=1 cargo test` has added it.
/// See the [module](crate::schema) for the files.
///
/// ```no_run
/// # use rehydrate::Event;
/// # #[derive(Event, serde::Serialize, serde::Deserialize)]
/// # enum LampEvent { SwitchedOn }
/// # #[derive(Event, serde::Serialize, serde::Deserialize)]
/// # enum DoorEvent { Opened }
/// # /*
/// #[test]
/// # */
/// fn stored_events_stay_readable() {
///     rehydrate::schema::check!(LampEvent, DoorEvent);
/// }
/// # stored_events_stay_readable();
/// ```
#[cfg(feature = "lock")]
#[doc(hidden)]
#[macro_export]
macro_rules! __schema_check {
    ($($event:ty),+ $(,)?) => {
        $crate::schema::Check::in_folder(::core::env!("CARGO_MANIFEST_DIR"))
            $(.event::<$event>())+
            .assert()
    };
}

#[cfg(feature = "lock")]
#[doc(inline)]
pub use __schema_check as check;

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
    /// The variant, or the type of a `legacy` event's newest payload, as it is called in the code.
    pub code: &'static str,
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

/// What a stored type and schema version means to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Meaning {
    /// It is written today, under this name or an older one.
    Current,
    /// It is upcast to today's version.
    Upcast {
        /// Today's version.
        newest: SchemaVersion,
    },
    /// It is turned into any number of today's events.
    Legacy,
    /// It decodes to nothing.
    Retired,
    /// Its type is not known, and the enum tolerates that.
    Tolerated,
    /// Its type is not known.
    UnknownType,
    /// Its version is newer than the program.
    NewerVersion {
        /// The newest version that the program knows.
        newest: SchemaVersion,
    },
    /// Its version was never shipped or is no longer read.
    UnsupportedVersion,
}

impl Meaning {
    /// Whether such an event is readable, if its payload has the promised shape.
    #[must_use]
    pub const fn is_read(self) -> bool {
        matches!(
            self,
            Self::Current | Self::Upcast { .. } | Self::Legacy | Self::Retired | Self::Tolerated
        )
    }
}

impl EventSchema {
    /// What a stored type and version means to the program that has this schema.
    #[must_use]
    pub fn meaning(&self, event_type: &str, version: SchemaVersion) -> Meaning {
        if self.retired.contains(&event_type) {
            return Meaning::Retired;
        }
        let named = |of: &&EventTypeSchema| of.name == event_type;
        if let Some(legacy) = self.legacy.iter().find(named) {
            return legacy.meaning(version, Meaning::Legacy);
        }
        let called =
            |of: &&EventTypeSchema| of.name == event_type || of.aliases.contains(&event_type);
        match self.types.iter().find(called) {
            Some(found) if found.newest() == version => Meaning::Current,
            Some(found) => {
                let newest = found.newest();
                found.meaning(version, Meaning::Upcast { newest })
            }
            None if self.other.is_some() => Meaning::Tolerated,
            None => Meaning::UnknownType,
        }
    }
}

impl EventTypeSchema {
    fn meaning(&self, version: SchemaVersion, readable: Meaning) -> Meaning {
        let newest = self.newest();
        let index = version.get().checked_sub(1).map(|index| index as usize);
        match index.and_then(|index| self.versions.get(index)) {
            _ if version > newest => Meaning::NewerVersion { newest },
            None | Some(Shape::Unsupported) => Meaning::UnsupportedVersion,
            Some(_) => readable,
        }
    }
}
