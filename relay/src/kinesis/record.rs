//! CloudEvents as Kinesis carries them: a record has a key and data, and no headers, so the event is
//! one JSON object.

use aws_sdk_kinesis::primitives::Blob;
use rehydrate::{CloudEvent, EnvelopeError, Message, PublishError};

/// A partition key has at most so many characters; counted as UTF-16 does, which is never less.
const LONGEST_KEY: usize = 256;
/// So much of a longer key is kept, for people.
const KEPT_OF_KEY: usize = 200;
/// What a record of the Kinesis Producer Library begins with if it holds several.
const AGGREGATED: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];

/// A message as a record.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) partition_key: String,
    pub(super) data: Blob,
}

impl Record {
    pub(super) fn of(message: &Message) -> Result<Self, PublishError> {
        let text = message.event.to_json();
        let text = text.map_err(|error| PublishError::Rejected {
            reason: "its data is no JSON".to_owned(),
            source: Some(error.into()),
        })?;
        Ok(Self {
            partition_key: partition_key(&message.key),
            data: Blob::new(text),
        })
    }

    /// What the limits count.
    pub(super) fn size(&self) -> usize {
        self.partition_key.len() + self.data.as_ref().len()
    }
}

/// The event of a record.
pub(super) fn event(data: &[u8]) -> Result<CloudEvent, EnvelopeError> {
    let invalid = |value: String, source| EnvelopeError::Invalid {
        name: "data",
        value,
        source,
    };
    if data.starts_with(&AGGREGATED) {
        let value = "several records in one, as the Kinesis Producer Library aggregates them: \
                     switch that off (AggregationEnabled=false)";
        return Err(invalid(value.to_owned(), None));
    }
    let text = std::str::from_utf8(data).map_err(|error| {
        let value = format!("{} bytes that are no UTF-8", data.len());
        invalid(value, Some(error.into()))
    })?;
    CloudEvent::from_json(text)
}

/// The key itself, or what is always the same for the same key and fits.
fn partition_key(key: &str) -> String {
    if key.is_empty() {
        return "-".to_owned();
    }
    if key.encode_utf16().count() <= LONGEST_KEY {
        return key.to_owned();
    }
    let mut kept = String::new();
    let mut length = 0;
    for character in key.chars() {
        length += character.len_utf16();
        if length > KEPT_OF_KEY {
            break;
        }
        kept.push(character);
    }
    format!("{kept}#{:032x}", hash(key))
}

/// FNV-1a with 128 bits. Two keys with the same hash would share a shard, and nothing else.
fn hash(text: &str) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let bytes = text.bytes();
    bytes.fold(BASIS, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_key_is_the_key_unless_that_is_empty_or_too_long() {
        assert_eq!(partition_key("fine/A 1é"), "fine/A 1é");
        assert_eq!(partition_key(""), "-");
        let longest = "é".repeat(256);
        assert_eq!(partition_key(&longest), longest);
        let (one, other) = ("x".repeat(256) + "1", "x".repeat(256) + "2");
        assert_eq!(partition_key(&one), partition_key(&one));
        assert_ne!(partition_key(&one), partition_key(&other));
        for key in [one, "😀".repeat(129), "é".repeat(2_000)] {
            let key = partition_key(&key);
            assert!(key.encode_utf16().count() <= LONGEST_KEY, "{key}");
        }
    }

    #[test]
    fn the_hash_is_the_published_one() {
        // http://www.isthe.com/chongo/tech/comp/fnv/
        assert_eq!(hash(""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(hash("a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }

    #[test]
    fn what_the_producer_library_has_aggregated_is_named_as_such() {
        let error = event(&[0xF3, 0x89, 0x9A, 0xC2, 1]).expect_err("it is none");
        assert!(error.to_string().contains("AggregationEnabled"), "{error}");
        assert!(event(&[0xFF]).is_err());
    }
}
