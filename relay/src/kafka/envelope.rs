//! CloudEvents as Kafka carries them.
//!
//! The [binding](https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md)
//! says: a header `ce_<attribute>` each, in UTF-8 as it is; the `datacontenttype` is the header
//! `content-type`, and one of `application/cloudevents` says that the mode is the structured one.

use rdkafka::message::{Header, Headers, OwnedHeaders};
use rehydrate::{CloudEvent, EnvelopeError, Message, PublishError};

const PREFIX: &str = "ce_";
const CONTENT_TYPE: &str = "content-type";
const DATA_CONTENT_TYPE: &str = "datacontenttype";
const STRUCTURED: &str = "application/cloudevents";

/// The value of a message and its headers, if it has some.
pub(super) type Content = (String, Option<OwnedHeaders>);

/// What a message is sent as.
pub(super) fn content(message: &Message, is_structured: bool) -> Result<Content, PublishError> {
    if is_structured {
        // Without a header that says so: the brokers for which this is made have none.
        let text = message.event.to_json();
        let text = text.map_err(|error| PublishError::Rejected {
            reason: "it cannot be one JSON object".to_owned(),
            source: Some(error.into()),
        })?;
        return Ok((text, None));
    }
    let attributes = message.event.headers();
    let mut headers = OwnedHeaders::new_with_capacity(attributes.len());
    for (name, value) in attributes {
        let name = match name {
            DATA_CONTENT_TYPE => CONTENT_TYPE.to_owned(),
            name => format!("{PREFIX}{name}"),
        };
        if name.contains('\0') {
            return Err(PublishError::Rejected {
                reason: format!("{name:?} cannot be a header: use lower-case letters and digits"),
                source: None,
            });
        }
        headers = headers.insert(Header {
            key: &name,
            value: Some(&value),
        });
    }
    Ok((message.event.data.clone(), Some(headers)))
}

/// How large a message is in a request at the most.
pub(super) fn size(message: &Message, data: &str, headers: Option<&OwnedHeaders>) -> usize {
    // Numbers, and how long each part is.
    const FRAME: usize = 100;
    let headers = headers.into_iter().flat_map(Headers::iter);
    let headers = headers.map(|it| it.key.len() + it.value.map_or(0, <[u8]>::len) + FRAME);
    message.key.len() + data.len() + FRAME + headers.sum::<usize>()
}

/// The event of a message.
pub(super) fn event<M: rdkafka::Message>(message: &M) -> Result<CloudEvent, EnvelopeError> {
    let data = message.payload().ok_or(EnvelopeError::Missing("data"))?;
    let data = text("data", data)?;
    let mut attributes: Vec<(String, &str)> = Vec::new();
    let mut is_binary = false;
    for header in message.headers().into_iter().flat_map(Headers::iter) {
        let name = header.key.to_ascii_lowercase();
        if let Some(name) = name.strip_prefix(PREFIX) {
            is_binary = true;
            let value = text("a header", header.value.unwrap_or_default())?;
            attributes.push((name.to_owned(), value));
        } else if name == CONTENT_TYPE {
            let value = text(CONTENT_TYPE, header.value.unwrap_or_default())?;
            if value.to_ascii_lowercase().starts_with(STRUCTURED) {
                return CloudEvent::from_json(data);
            }
            attributes.push((DATA_CONTENT_TYPE.to_owned(), value));
        }
    }
    // Brokers before 0.11 have no headers: what it is, is seen by what is in it.
    if !is_binary {
        return CloudEvent::from_json(data);
    }
    let attributes = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), *value));
    CloudEvent::from_headers(attributes, data)
}

fn text<'a>(name: &'static str, bytes: &'a [u8]) -> Result<&'a str, EnvelopeError> {
    std::str::from_utf8(bytes).map_err(|error| EnvelopeError::Invalid {
        name,
        value: format!("{} bytes that are no UTF-8", bytes.len()),
        source: Some(error.into()),
    })
}
