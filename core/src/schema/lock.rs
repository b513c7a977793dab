//! All that has been shipped: the content of `events.lock`.

mod kind;
mod node;
pub(super) mod note;
mod path;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use super::{EventSchema, EventTypeSchema, Shape};

pub(super) use self::kind::{Kind, Tag};
pub(super) use self::node::{IN_A_BUFFER, Line, Node};
pub(super) use self::path::{Step, show};
pub(super) use self::write::{print_aliases, table};

/// The version of the file's format.
const FORMAT: i64 = 1;

/// Every event enum, type, version and field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lock {
    pub(super) enums: BTreeMap<String, EventEnum>,
}

/// The types of an event enum, by their stored names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EventEnum {
    pub(super) types: BTreeMap<String, EventType>,
}

/// An event type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EventType {
    pub(super) is_retired: bool,
    pub(super) is_legacy: bool,
    pub(super) aliases: BTreeSet<String>,
    /// A retired type keeps the shapes that it had, so that nobody revives it with another one.
    pub(super) versions: BTreeMap<u32, Version>,
}

/// A schema version of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Unsupported,
    Shape(Node),
}

impl Version {
    pub(super) fn shape(&self) -> Option<&Node> {
        match self {
            Self::Unsupported => None,
            Self::Shape(node) => Some(node),
        }
    }
}

impl EventEnum {
    pub(super) fn of(schema: &EventSchema) -> Self {
        let retired = schema.retired.iter().map(|name| {
            let retired = EventType {
                is_retired: true,
                ..EventType::default()
            };
            ((*name).to_owned(), retired)
        });
        let types = schema.types.iter().map(|of| (of, false));
        let legacy = schema.legacy.iter().map(|of| (of, true));
        let readable = types.chain(legacy).map(|(of, is_legacy)| {
            let event_type = EventType::of(of, is_legacy);
            (of.name.to_owned(), event_type)
        });
        Self {
            types: readable.chain(retired).collect(),
        }
    }

    /// The type that a stored name is read as.
    pub(super) fn find(&self, name: &str) -> Option<(&String, &EventType)> {
        let aliased = || self.types.iter().find(|(_, of)| of.aliases.contains(name));
        self.types.get_key_value(name).or_else(aliased)
    }
}

impl EventType {
    fn of(schema: &EventTypeSchema, is_legacy: bool) -> Self {
        let version = |shape: &Shape| match Node::of_shape(shape) {
            None => Version::Unsupported,
            Some(node) => Version::Shape(node),
        };
        Self {
            is_retired: false,
            is_legacy,
            aliases: schema.aliases.iter().map(ToString::to_string).collect(),
            versions: (1..).zip(schema.versions.iter().map(version)).collect(),
        }
    }

    pub(super) fn newest(&self) -> u32 {
        self.versions.keys().next_back().copied().unwrap_or(0)
    }
}
