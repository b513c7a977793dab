//! CloudEvents as NATS carries them.
//!
//! The [binding](https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md)
//! says: a header `ce-<attribute>` each, `datacontenttype` too, percent-encoded as for HTTP; a
//! `content-type` of `application/cloudevents` is for the structured mode alone.

use std::fmt::Write;
use std::str::FromStr;

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue, NATS_EXPECTED_STREAM, NATS_MESSAGE_ID};
use rehydrate::{BoxError, CloudEvent, EnvelopeError, Message, PublishError};

use crate::url::decoded;

const PREFIX: &str = "ce-";
const CONTENT_TYPE: &str = "content-type";
const STRUCTURED: &str = "application/cloudevents";

/// The headers of a message for a stream.
pub(super) fn headers(message: &Message, stream: &str) -> Result<HeaderMap, PublishError> {
    let mut headers = HeaderMap::new();
    for (name, value) in message.event.headers() {
        let name = format!("{PREFIX}{name}");
        let parsed = HeaderName::from_str(&name).map_err(|error| rejected(&name, error.into()))?;
        put(&mut headers, parsed, &encoded(&value))?;
    }
    // With the topic, because an event that goes to two topics of a stream is two messages.
    let id = format!("{}@{}", encoded(&message.event.id), message.topic);
    put(&mut headers, NATS_MESSAGE_ID, &id)?;
    put(&mut headers, NATS_EXPECTED_STREAM, stream)?;
    Ok(headers)
}

/// How many bytes headers take on the way; the server counts them as a part of the message.
pub(super) fn size(headers: &HeaderMap) -> usize {
    let lines = headers.iter().flat_map(|(name, values)| {
        let name: &str = name.as_ref();
        let sizes = values.iter();
        sizes.map(move |value| name.len() + ": \r\n".len() + value.as_str().len())
    });
    "NATS/1.0\r\n\r\n".len() + lines.sum::<usize>()
}

/// The event of a message.
pub(super) fn event(headers: Option<&HeaderMap>, data: &[u8]) -> Result<CloudEvent, EnvelopeError> {
    let text = std::str::from_utf8(data).map_err(|error| EnvelopeError::Invalid {
        name: "data",
        value: format!("{} bytes that are no UTF-8", data.len()),
        source: Some(error.into()),
    })?;
    let mut attributes = Vec::new();
    let mut is_structured = false;
    for (name, values) in headers.into_iter().flat_map(HeaderMap::iter) {
        let name = AsRef::<str>::as_ref(name).to_ascii_lowercase();
        let value = values.first().map_or("", |value| value.as_str());
        if let Some(name) = name.strip_prefix(PREFIX) {
            attributes.push((name.to_owned(), decoded(value)));
        } else if name == CONTENT_TYPE {
            is_structured = value.to_ascii_lowercase().starts_with(STRUCTURED);
        }
    }
    // The first versions of the binding had the structured mode alone, and no header for it.
    if is_structured || attributes.is_empty() {
        return CloudEvent::from_json(text);
    }
    let attributes = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    CloudEvent::from_headers(attributes, text)
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), PublishError> {
    match HeaderValue::from_str(value) {
        Ok(value) => {
            headers.insert(name, value);
            Ok(())
        }
        Err(error) => Err(rejected(name.as_ref(), error.into())),
    }
}

fn rejected(name: &str, source: BoxError) -> PublishError {
    PublishError::Rejected {
        reason: format!("{name:?} cannot be a header: use lower-case letters and digits"),
        source: Some(source),
    }
}

/// Percent-encoded by the rule of the [HTTP
/// binding](https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values).
fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'"' | b'%' | 0..=b' ' | 0x7f.. => {
                // Writing to a `String` cannot fail.
                let _ = write!(text, "%{byte:02X}");
            }
            _ => text.push(char::from(byte)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_percent_encoded_as_the_binding_says() {
        // The example of the HTTP binding.
        assert_eq!(encoded("Euro € 😀"), "Euro%20%E2%82%AC%20%F0%9F%98%80");
        assert_eq!(encoded("\"100%\""), "%22100%25%22");
        assert_eq!(decoded(&encoded("a b\r\n%41")), "a b\r\n%41");
    }

    #[test]
    fn the_size_of_headers_is_what_goes_over_the_wire() {
        let mut headers = HeaderMap::new();
        headers.insert("a", "bc");
        headers.append("a", "d");
        assert_eq!(size(&headers), "NATS/1.0\r\na: bc\r\na: d\r\n\r\n".len());
    }
}
