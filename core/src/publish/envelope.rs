//! An event as CloudEvents 1.0 has it.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use rehydrate_port::{BoxError, Metadata, Position, SchemaVersion, StoredEvent, Version};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

const SPEC_VERSION: &str = "1.0";
const JSON: &str = "application/json";

/// An event for others, in the envelope of [CloudEvents 1.0](https://github.com/cloudevents/spec).
///
/// Brokers with headers carry it in binary mode, [`headers`](Self::headers) beside the
/// [`data`](Self::data); the others as one JSON object, [`to_json`](Self::to_json).
///
/// | attribute | is |
/// |---|---|
/// | `id` | the event's id, and `<id>:<part>` for a further part of one that is today several |
/// | `source` | who publishes, a URI reference |
/// | `type` | the event type |
/// | `subject` | the aggregate's id |
/// | `time` | the recorded time |
/// | `category`, `streamversion`, `position`, `schemaversion` | where the event is stored, and as what; numbers as text, because they may be larger than CloudEvents' integers |
/// | `correlationid`, `causationid` | from the event's metadata, if they are there |
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloudEvent {
    /// The event's id: the same however often it is sent.
    pub id: String,
    /// Who publishes.
    pub source: String,
    /// The event type.
    pub event_type: String,
    /// The category of its stream.
    pub category: String,
    /// The id of its stream.
    pub stream_id: String,
    /// Its number in its stream.
    pub version: Version,
    /// Its number in the log.
    pub position: Position,
    /// The version of the data's shape.
    pub schema_version: SchemaVersion,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// What ties it to other events.
    pub correlation_id: Option<String>,
    /// What it answers.
    pub causation_id: Option<String>,
    /// Further attributes: names of lower-case letters and digits.
    pub extensions: BTreeMap<String, String>,
    /// The content, as JSON text.
    pub data: String,
}

/// Why something is not such an event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// It lacks an attribute.
    #[error("the attribute `{0}` is missing")]
    Missing(&'static str),
    /// An attribute has another form.
    #[error("the attribute `{name}` is {value:?}")]
    Invalid {
        /// The attribute.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What is wrong with it.
        source: Option<BoxError>,
    },
    /// It is no JSON object, or its data is no JSON.
    #[error("it is not a CloudEvent in JSON")]
    Json(#[source] serde_json::Error),
}

impl CloudEvent {
    /// A stored event as it is stored.
    ///
    /// # Errors
    /// Its metadata cannot be read.
    pub fn of(
        source: impl Into<String>,
        stored: &StoredEvent<'_>,
    ) -> Result<Self, rehydrate_port::DecodeError> {
        let Metadata {
            correlation_id,
            causation_id,
            ..
        } = stored.metadata()?;
        Ok(Self {
            id: stored.event_id.to_string(),
            source: source.into(),
            event_type: stored.event_type.to_owned(),
            category: stored.category.to_owned(),
            stream_id: stored.stream_id.to_owned(),
            version: stored.version,
            position: stored.position,
            schema_version: stored.schema_version,
            recorded_at: stored.recorded_at,
            correlation_id,
            causation_id,
            extensions: BTreeMap::new(),
            data: stored.payload.to_owned(),
        })
    }

    /// The attributes as text, `specversion` and `datacontenttype` too, without the data.
    #[must_use]
    pub fn headers(&self) -> Vec<(&str, String)> {
        let time = self
            .recorded_at
            .to_rfc3339_opts(SecondsFormat::Micros, true);
        let mut headers = vec![
            ("specversion", SPEC_VERSION.to_owned()),
            ("id", self.id.clone()),
            ("source", self.source.clone()),
            ("type", self.event_type.clone()),
            ("subject", self.stream_id.clone()),
            ("time", time),
            ("datacontenttype", JSON.to_owned()),
            ("category", self.category.clone()),
            ("streamversion", self.version.get().to_string()),
            ("position", self.position.get().to_string()),
            ("schemaversion", self.schema_version.get().to_string()),
        ];
        let ids = [
            ("correlationid", &self.correlation_id),
            ("causationid", &self.causation_id),
        ];
        headers.extend(
            ids.into_iter()
                .filter_map(|(name, id)| Some((name, id.clone()?))),
        );
        let further = self.extensions.iter();
        headers.extend(further.map(|(name, value)| (name.as_str(), value.clone())));
        headers
    }

    /// One JSON object, as brokers without headers carry it.
    ///
    /// # Errors
    /// The data is no JSON.
    pub fn to_json(&self) -> Result<String, EnvelopeError> {
        let data: &RawValue = serde_json::from_str(&self.data).map_err(EnvelopeError::Json)?;
        let headers = self.headers();
        let mut object: BTreeMap<&str, Value> = BTreeMap::new();
        for (name, value) in headers {
            object.insert(name, Value::String(value));
        }
        let mut text = serde_json::to_string(&object).map_err(EnvelopeError::Json)?;
        text.truncate(text.len() - 1);
        text.push_str(",\"data\":");
        text.push_str(data.get());
        text.push('}');
        Ok(text)
    }

    /// The event of attributes and data, as a broker with headers hands them over.
    ///
    /// # Errors
    /// An attribute is missing or has another form.
    pub fn from_headers<'a>(
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        data: impl Into<String>,
    ) -> Result<Self, EnvelopeError> {
        let mut all: BTreeMap<&str, &str> = headers.into_iter().collect();
        let mut take = |name: &'static str| all.remove(name).ok_or(EnvelopeError::Missing(name));
        match take("specversion")? {
            SPEC_VERSION => {}
            other => return Err(invalid("specversion", other)),
        }
        let (id, source) = (take("id")?.to_owned(), take("source")?.to_owned());
        let event_type = take("type")?.to_owned();
        let stream_id = take("subject")?.to_owned();
        let time = take("time")?;
        let recorded_at = DateTime::parse_from_rfc3339(time)
            .map_err(|error| EnvelopeError::Invalid {
                name: "time",
                value: time.to_owned(),
                source: Some(error.into()),
            })?
            .with_timezone(&Utc);
        let category = take("category")?.to_owned();
        let version = Version(number("streamversion", take("streamversion")?)?);
        let position = Position(number("position", take("position")?)?);
        let schema = take("schemaversion")?;
        let schema_version = u32::try_from(number("schemaversion", schema)?)
            .map_err(|_| invalid("schemaversion", schema))?;
        let _ = take("datacontenttype");
        let correlation_id = take("correlationid").ok().map(ToOwned::to_owned);
        let causation_id = take("causationid").ok().map(ToOwned::to_owned);
        let rest = all.into_iter();
        Ok(Self {
            id,
            source,
            event_type,
            category,
            stream_id,
            version,
            position,
            schema_version: SchemaVersion(schema_version),
            recorded_at,
            correlation_id,
            causation_id,
            extensions: rest
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            data: data.into(),
        })
    }

    /// The event of one JSON object.
    ///
    /// # Errors
    /// It is none, or an attribute is missing or has another form.
    pub fn from_json(text: &str) -> Result<Self, EnvelopeError> {
        let mut object: BTreeMap<String, &RawValue> =
            serde_json::from_str(text).map_err(EnvelopeError::Json)?;
        let data = object
            .remove("data")
            .ok_or(EnvelopeError::Missing("data"))?;
        let mut attributes: Map<String, Value> = Map::new();
        for (name, value) in object {
            let value: Value = serde_json::from_str(value.get()).map_err(EnvelopeError::Json)?;
            attributes.insert(name, value);
        }
        let texts: Vec<(String, String)> = attributes
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(text) => (name, text),
                other => (name, other.to_string()),
            })
            .collect();
        let headers = texts
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        Self::from_headers(headers, data.get())
    }
}

fn number(name: &'static str, text: &str) -> Result<u64, EnvelopeError> {
    text.parse()
        .map_err(|error: std::num::ParseIntError| EnvelopeError::Invalid {
            name,
            value: text.to_owned(),
            source: Some(error.into()),
        })
}

fn invalid(name: &'static str, value: &str) -> EnvelopeError {
    EnvelopeError::Invalid {
        name,
        value: value.to_owned(),
        source: None,
    }
}
