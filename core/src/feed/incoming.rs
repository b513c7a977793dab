//! An event from a source, in the form in which projections read events.

use rehydrate_port::{EventRow, Metadata, StoredEvent, StreamId, Version};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::publish::{CloudEvent, EnvelopeError};

/// An event from a source.
#[derive(Debug)]
pub(super) struct Incoming {
    event: CloudEvent,
    pub(super) stream: StreamId,
    id: Uuid,
    part: u32,
    metadata: Option<String>,
}

impl Incoming {
    pub(super) fn new(event: CloudEvent) -> Result<Self, EnvelopeError> {
        // Kept as JSON if it has to wait, and so it has to be that.
        let _: &RawValue = serde_json::from_str(&event.data).map_err(EnvelopeError::Json)?;
        let stream = StreamId::new(event.category.clone(), &event.stream_id).map_err(|error| {
            EnvelopeError::Invalid {
                name: "subject",
                value: event.stream_id.clone(),
                source: Some(error.into()),
            }
        })?;
        let (id, part) = parsed_id(&event.id).ok_or_else(|| EnvelopeError::Invalid {
            name: "id",
            value: event.id.clone(),
            source: Some("a relay sends a UUID, and after a colon the number of a part".into()),
        })?;
        let mut metadata = Metadata::default();
        metadata.correlation_id.clone_from(&event.correlation_id);
        metadata.causation_id.clone_from(&event.causation_id);
        let metadata = (!metadata.is_empty()).then(|| metadata.to_json());
        Ok(Self {
            event,
            stream,
            id,
            part,
            metadata,
        })
    }

    pub(super) fn from_json(text: &str) -> Result<Self, EnvelopeError> {
        Self::new(CloudEvent::from_json(text)?)
    }

    pub(super) fn to_json(&self) -> Result<String, EnvelopeError> {
        self.event.to_json()
    }

    /// Where it stands in its stream. What is not after the last one taken was taken before.
    pub(super) fn order(&self) -> (Version, u32) {
        (self.event.version, self.part)
    }

    /// As if it were stored here; its position is that in the log of whoever has published it.
    pub(super) fn stored(&self) -> StoredEvent<'_> {
        let mut event = StoredEvent::from(EventRow {
            category: &self.event.category,
            stream_id: &self.event.stream_id,
            version: self.event.version,
            position: self.event.position,
            event_type: &self.event.event_type,
            schema_version: self.event.schema_version,
            payload: &self.event.data,
            metadata: self.metadata.as_deref(),
            event_id: self.id,
            recorded_at: self.event.recorded_at,
        });
        event.part = usize::try_from(self.part).unwrap_or(usize::MAX);
        event
    }
}

fn parsed_id(text: &str) -> Option<(Uuid, u32)> {
    let (id, part) = match text.split_once(':') {
        Some((id, part)) => (id, part.parse().ok()?),
        None => (text, 0),
    };
    Some((Uuid::parse_str(id).ok()?, part))
}
