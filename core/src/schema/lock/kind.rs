//! What a place in a payload holds, as one text.

use std::fmt;

use serde_json::from_str;

use super::write::quoted;
use crate::schema::Tagging;

/// What a place in a payload holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Kind {
    Value(String),
    Object,
    List,
    Set,
    Map,
    Array(usize),
    Tuple(usize),
    Enum(Tag),
    /// The content of a variant that has none.
    Unit,
    /// What this path holds, which is an outer one.
    As(String),
    /// It cannot be seen into.
    Opaque(String),
}

/// How the variant of an enum is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::schema) enum Tag {
    External,
    Internal(String),
    Adjacent(String, String),
    Untagged,
}

impl Tag {
    pub(super) fn of(tagging: Tagging) -> Self {
        match tagging {
            Tagging::External => Self::External,
            Tagging::Internal { tag } => Self::Internal(tag.to_owned()),
            Tagging::Adjacent { tag, content } => {
                Self::Adjacent(tag.to_owned(), content.to_owned())
            }
            Tagging::Untagged => Self::Untagged,
        }
    }
}

const VALUE: &str = "value ";

fn ends_like_null(kind: &str) -> bool {
    kind.ends_with('?') || kind.ends_with(" or null")
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A kind of somebody's own may be called like a form.
            Self::Value(kind) if Self::parse(kind) != *self || ends_like_null(kind) => {
                write!(f, "{VALUE}{}", quoted(kind))
            }
            Self::Value(kind) => f.write_str(kind),
            Self::Object => f.write_str("object"),
            Self::List => f.write_str("list"),
            Self::Set => f.write_str("set"),
            Self::Map => f.write_str("map"),
            Self::Array(length) => write!(f, "array of {length}"),
            Self::Tuple(length) => write!(f, "tuple of {length}"),
            Self::Enum(Tag::External) => f.write_str("enum"),
            Self::Enum(Tag::Untagged) => f.write_str("untagged enum"),
            Self::Enum(Tag::Internal(tag)) => write!(f, "enum with tag {}", quoted(tag)),
            Self::Enum(Tag::Adjacent(tag, content)) => {
                let (tag, content) = (quoted(tag), quoted(content));
                write!(f, "enum with tag {tag} and content {content}")
            }
            Self::Unit => f.write_str("unit"),
            Self::As(path) => write!(f, "as {path}"),
            Self::Opaque(code) => write!(f, "opaque {code}"),
        }
    }
}

impl Kind {
    pub(super) fn parse(text: &str) -> Self {
        let special = match text {
            "object" => Some(Self::Object),
            "list" => Some(Self::List),
            "set" => Some(Self::Set),
            "map" => Some(Self::Map),
            "unit" => Some(Self::Unit),
            "enum" => Some(Self::Enum(Tag::External)),
            "untagged enum" => Some(Self::Enum(Tag::Untagged)),
            _ => None,
        };
        special
            .or_else(|| Self::parse_long(text))
            .unwrap_or_else(|| Self::Value(text.to_owned()))
    }

    fn parse_long(text: &str) -> Option<Self> {
        let after = |start: &str| text.strip_prefix(start);
        if let Some(kind) = after(VALUE) {
            return from_str(kind).ok().map(Self::Value);
        }
        if let Some(length) = after("array of ") {
            return Some(Self::Array(length.parse().ok()?));
        }
        if let Some(length) = after("tuple of ") {
            return Some(Self::Tuple(length.parse().ok()?));
        }
        if let Some(path) = after("as ") {
            return Some(Self::As(path.to_owned()));
        }
        if let Some(code) = after("opaque ") {
            return Some(Self::Opaque(code.to_owned()));
        }
        let tags = after("enum with tag ")?;
        let mut quoted = serde_json::Deserializer::from_str(tags).into_iter::<String>();
        let tag = quoted.next()?.ok()?;
        let rest = tags.get(quoted.byte_offset()..)?;
        if rest.is_empty() {
            return Some(Self::Enum(Tag::Internal(tag)));
        }
        let content = from_str(rest.strip_prefix(" and content ")?).ok()?;
        Some(Self::Enum(Tag::Adjacent(tag, content)))
    }

    /// Whether everything that was written as `self` is read as `other`, too.
    pub(in crate::schema) fn widens_to(&self, other: &Self) -> bool {
        let (Self::Value(from), Self::Value(to)) = (self, other) else {
            return false;
        };
        let (Some(from), Some(to)) = (Integer::parse(from), Integer::parse(to)) else {
            return false;
        };
        let fits = match (from.is_signed, to.is_signed) {
            (true, false) => false,
            (false, true) => from.bits < to.bits,
            (true, true) | (false, false) => from.bits <= to.bits,
        };
        fits && (from.is_not_zero || !to.is_not_zero)
    }
}

/// A kind like `u32` or `i64 but 0`.
struct Integer {
    is_signed: bool,
    bits: u32,
    is_not_zero: bool,
}

impl Integer {
    fn parse(kind: &str) -> Option<Self> {
        let plain = kind.strip_suffix(" but 0");
        let digits = plain.unwrap_or(kind).strip_prefix(['u', 'i'])?;
        Some(Self {
            is_signed: kind.starts_with('i'),
            bits: digits.parse().ok()?,
            is_not_zero: plain.is_some(),
        })
    }
}
