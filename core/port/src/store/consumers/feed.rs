//! What is kept of a read model that comes from a message broker instead of the log.

use std::fmt::{self, Display};

use crate::stream::{Position, StreamId, Version};

/// How far a source was read: one text for all of its partitions or shards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Offset(pub String);

impl Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a build has read its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPlace {
    /// The consumer.
    pub consumer: String,
    /// Which of its builds.
    pub build: u32,
    /// What is read, as the source calls itself.
    pub origin: String,
    /// Everything up to here has been taken; `None` as long as that is nothing.
    pub offset: Option<Offset>,
}

/// The last event of a stream that a build has taken from its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastFed {
    /// The stream.
    pub stream: StreamId,
    /// The event's version in it.
    pub version: Version,
    /// Its number among the events that the stored one was split into.
    pub part: u32,
}

/// An event from a source that waits until its stream is no longer parked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingEvent {
    /// Its number among all events that the build has taken: that of its delivery, if it has one.
    pub position: Position,
    /// The stream.
    pub stream: StreamId,
    /// The event, a CloudEvent in JSON.
    pub event: String,
}
