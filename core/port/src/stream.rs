//! Where an event stands: its stream, its version in the stream, its position in the log.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The number of an event within its stream: 1, 2, 3 … without holes. 0 is "no event yet".
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

/// The number of an event in the whole log: increasing, holes allowed, never reused.
///
/// 0 stands before the first event, so it is where a reader of the whole log begins.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub u64);

/// The version of an event type's stored shape, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchemaVersion(pub u32);

macro_rules! number {
    ($name:ident, $inner:ty) => {
        impl $name {
            /// Wraps a plain number.
            #[must_use]
            pub const fn new(number: $inner) -> Self {
                Self(number)
            }

            /// The plain number.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl From<$inner> for $name {
            fn from(number: $inner) -> Self {
                Self(number)
            }
        }

        impl From<$name> for $inner {
            fn from(number: $name) -> Self {
                number.0
            }
        }

        impl PartialEq<$inner> for $name {
            fn eq(&self, other: &$inner) -> bool {
                self.0 == *other
            }
        }

        impl PartialOrd<$inner> for $name {
            fn partial_cmp(&self, other: &$inner) -> Option<std::cmp::Ordering> {
                self.0.partial_cmp(other)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

number!(Version, u64);
number!(Position, u64);
number!(SchemaVersion, u32);

impl Version {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// The version of the event that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Position {
    /// Before the first event of the log.
    pub const ZERO: Self = Self(0);
}

impl SchemaVersion {
    /// The version of an event type whose shape has never changed.
    pub const FIRST: Self = Self(1);
}

/// What the writer believes about a stream; the store refuses the append if it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: append after whatever is there.
    Any,
    /// The stream has no events.
    NoStream,
    /// The stream's last event has this version. Version 0 is the same as [`Expected::NoStream`].
    Exactly(Version),
}

impl Expected {
    /// Whether a stream whose last event has version `actual` is what the writer expected.
    #[must_use]
    pub const fn is_met_by(self, actual: Version) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => actual.0 == 0,
            Self::Exactly(version) => actual.0 == version.0,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any version"),
            Self::NoStream | Self::Exactly(Version::ZERO) => f.write_str("no events"),
            Self::Exactly(version) => write!(f, "version {version}"),
        }
    }
}

/// The name of one aggregate's stream: category and id, shown as `payment/0190…`.
///
/// A category is 1 to 64 bytes without `/`, an id 1 to 255 bytes. Neither has control
/// characters, nor white space at its ends, so that every database compares them alike.
///
/// ```
/// # use rehydrate::StreamId;
/// let stream = StreamId::new("payment", 42)?;
/// assert_eq!(stream.to_string(), "payment/42");
/// assert_eq!("payment/42".parse::<StreamId>()?, stream);
/// # Ok::<(), rehydrate::InvalidStreamId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    category: Cow<'static, str>,
    id: String,
}

impl StreamId {
    /// The longest category, in bytes.
    pub const MAX_CATEGORY_BYTES: usize = 64;
    /// The longest id, in bytes.
    pub const MAX_ID_BYTES: usize = 255;

    /// Names a stream.
    ///
    /// # Errors
    /// The category or the id breaks a rule above; the message says which one.
    pub fn new(
        category: impl Into<Cow<'static, str>>,
        id: impl fmt::Display,
    ) -> Result<Self, InvalidStreamId> {
        let stream = Self {
            category: category.into(),
            id: id.to_string(),
        };
        let reason = fault(&stream.category, Self::MAX_CATEGORY_BYTES)
            .map(|fault| format!("its category {fault}"))
            .or_else(|| {
                let slash = stream.category.contains('/');
                slash.then(|| "its category contains `/`".to_owned())
            })
            .or_else(|| {
                fault(&stream.id, Self::MAX_ID_BYTES).map(|fault| format!("its id {fault}"))
            });
        match reason {
            None => Ok(stream),
            Some(reason) => Err(InvalidStreamId {
                stream: stream.to_string(),
                reason,
            }),
        }
    }

    /// The aggregate's stored type name.
    #[must_use]
    pub fn category(&self) -> &str {
        &self.category
    }

    /// The aggregate's id, as text.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

fn fault(part: &str, limit: usize) -> Option<String> {
    if part.is_empty() {
        Some("is empty".to_owned())
    } else if part.len() > limit {
        Some(format!(
            "is {} bytes long, more than the {limit} allowed",
            part.len()
        ))
    } else if part.bytes().all(|byte| byte.is_ascii_graphic()) {
        // As nearly all of them, which takes no look at each character.
        None
    } else if part.chars().any(char::is_control) {
        Some("contains a control character".to_owned())
    } else if part.trim() != part {
        Some("begins or ends with white space".to_owned())
    } else {
        None
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.category, self.id)
    }
}

impl FromStr for StreamId {
    type Err = InvalidStreamId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((category, id)) => Self::new(category.to_owned(), id),
            None => Err(InvalidStreamId {
                stream: text.to_owned(),
                reason: "it has no `/` between category and id".to_owned(),
            }),
        }
    }
}

/// A stream cannot have this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{stream:?} cannot name a stream: {reason}")]
pub struct InvalidStreamId {
    stream: String,
    reason: String,
}
