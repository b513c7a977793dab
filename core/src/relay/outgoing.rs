//! An event on its way out.

use std::ops::Deref;

use rehydrate_port::{BoxError, SchemaVersion, StoredEvent};

use crate::event::{Event, decode_guarded};
use crate::publish::{CloudEvent, Message};

/// An event on its way to a broker.
///
/// It derefs to the [`StoredEvent`], so its stream, position and metadata are there; what others are
/// to see of it is [`Outgoing::event`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Outgoing<'a> {
    /// How it is stored.
    pub stored: StoredEvent<'a>,
    /// Its number among the events that the stored one was split into: 0, unless it was.
    pub part: usize,
    event: CloudEvent,
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(stored: &StoredEvent<'a>, part: usize, event: CloudEvent) -> Self {
        Self {
            stored: *stored,
            part,
            event,
        }
    }

    /// The event as others would see it.
    #[must_use]
    pub fn event(&self) -> &CloudEvent {
        &self.event
    }

    /// The type under which others would see it: today's, or the stored one.
    #[must_use]
    pub fn event_type(&self) -> &str {
        &self.event.event_type
    }

    /// The event as it is, to a topic.
    #[must_use]
    pub fn message(&self, topic: impl Into<String>) -> Message {
        let key = format!("{}/{}", self.stored.category, self.stored.stream_id);
        Message::new(topic, key, self.event.clone())
    }

    /// The event with other content: what is public of it.
    ///
    /// # Errors
    /// The content cannot be written as JSON.
    pub fn translated(
        &self,
        topic: impl Into<String>,
        event_type: impl Into<String>,
        data: &impl serde::Serialize,
    ) -> Result<Message, serde_json::Error> {
        let mut message = self.message(topic);
        message.event.event_type = event_type.into();
        message.event.data = serde_json::to_string(data)?;
        Ok(message)
    }
}

impl<'a> Deref for Outgoing<'a> {
    type Target = StoredEvent<'a>;

    fn deref(&self) -> &StoredEvent<'a> {
        &self.stored
    }
}

/// In which form a category's events go out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// As they are stored.
    Stored,
    /// As today's program writes them.
    Today(fn(&StoredEvent<'_>) -> Result<Parts, BoxError>),
}

/// What a stored event is made of.
pub(super) type Parts = Vec<Part>;

/// An event to be sent, or the stored one itself.
#[derive(Clone, Debug)]
pub(super) enum Part {
    AsStored,
    Today {
        event_type: &'static str,
        schema_version: SchemaVersion,
        payload: String,
    },
}

impl Form {
    pub(super) fn today<E: Event>() -> Self {
        Self::Today(|stored| {
            let newest = decode_guarded(stored, E::decode)?.into_iter();
            let parts = newest.map(|event| {
                Ok(Part::Today {
                    event_type: event.event_type(),
                    schema_version: event.schema_version(),
                    payload: event.encode()?,
                })
            });
            parts.collect()
        })
    }

    pub(super) fn parts(self, stored: &StoredEvent<'_>) -> Result<Parts, BoxError> {
        match self {
            Self::Stored => Ok(vec![Part::AsStored]),
            Self::Today(parts) => parts(stored),
        }
    }
}

impl Part {
    pub(super) fn describe(self, event: &mut CloudEvent) {
        if let Self::Today {
            event_type,
            schema_version,
            payload,
        } = self
        {
            event_type.clone_into(&mut event.event_type);
            event.schema_version = schema_version;
            event.data = payload;
        }
    }
}
