//! Types that serde writes and reads as other ones.

use std::borrow::Cow;

use rehydrate::Describe;
use rehydrate::schema::TypeSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::law::{obeys, obeys_by_field};

#[derive(Clone, Describe, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
struct Converted {
    sum: u64,
}

#[derive(Describe, Serialize, Deserialize)]
struct Parts {
    one: u64,
    other: u64,
}

impl From<Parts> for Converted {
    fn from(parts: Parts) -> Self {
        Self {
            sum: parts.one + parts.other,
        }
    }
}

impl From<Converted> for Parts {
    fn from(converted: Converted) -> Self {
        Self {
            one: converted.sum,
            other: 0,
        }
    }
}

#[derive(Clone, Describe, Serialize, Deserialize)]
#[serde(into = "String", try_from = "Cow<'static, str>")]
struct ConvertedTwice(u64);

impl From<ConvertedTwice> for String {
    fn from(converted: ConvertedTwice) -> Self {
        converted.0.to_string()
    }
}

impl TryFrom<Cow<'static, str>> for ConvertedTwice {
    type Error = std::num::ParseIntError;

    fn try_from(text: Cow<'static, str>) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

#[derive(Describe, Deserialize)]
#[serde(from = "Parts")]
struct ReadThrough {
    #[expect(dead_code, reason = "it is only described")]
    sum: u64,
}

impl From<Parts> for ReadThrough {
    fn from(parts: Parts) -> Self {
        Self { sum: parts.one }
    }
}

#[test]
fn a_converted_type_is_described_by_the_type_that_is_written_and_read() {
    obeys_by_field(&Converted { sum: 3 });
    assert_eq!(Converted::TYPE, Parts::TYPE);
    assert_eq!(obeys(&ConvertedTwice(3)), json!("3"));
    assert_eq!(
        ConvertedTwice::TYPE,
        TypeSchema::Opaque("into = \"String\", try_from = \"Cow<'static, str>\"")
    );
    assert_eq!(ReadThrough::TYPE, TypeSchema::Opaque("from = \"Parts\""));
}
