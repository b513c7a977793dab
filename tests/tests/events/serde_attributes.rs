//! serde's attributes on fields and variants mean what they mean elsewhere.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rehydrate::Event;
use serde::{Deserialize, Serialize};

use crate::stored::{decode, decode_one, round_trip};

#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
enum OrderEvent {
    Placed {
        #[serde(rename = "id")]
        order: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gift_note: Option<String>,
        #[serde(default = "one")]
        item_count: u32,
    },
    Tagged {
        by: Cow<'static, str>,
        #[serde(flatten)]
        labels: BTreeMap<String, String>,
    },
    #[serde(rename_all = "kebab-case")]
    Shipped {
        #[serde(with = "text")]
        parcel_weight: u64,
        #[serde(skip)]
        cached: u8,
        #[serde(alias = "shop")]
        sent_from: String,
    },
    #[serde(rename = "ignored", alias = "ignored_too")]
    Returned(#[serde(with = "text")] u64),
}

#[derive(Clone, Debug, PartialEq, Event, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum StrictEvent {
    Closed { by: String },
}

fn one() -> u32 {
    1
}

mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn payload(event: &OrderEvent) -> String {
    assert_eq!(&round_trip(event), event);
    event.encode().expect("a payload")
}

#[test]
fn rename_default_and_skip_serializing_if_work() {
    let placed = |gift_note, item_count| OrderEvent::Placed {
        order: 4,
        gift_note,
        item_count,
    };
    assert_eq!(payload(&placed(None, 2)), r#"{"id":4,"itemCount":2}"#);
    assert_eq!(
        payload(&placed(Some("hi".into()), 2)),
        r#"{"id":4,"giftNote":"hi","itemCount":2}"#
    );
    assert_eq!(
        decode_one::<OrderEvent>("placed", 1, r#"{"id":4}"#),
        placed(None, 1)
    );
}

#[test]
fn flatten_and_cow_work() {
    let event = OrderEvent::Tagged {
        by: "Ada".into(),
        labels: [("color".into(), "red".into())].into(),
    };
    assert_eq!(payload(&event), r#"{"by":"Ada","color":"red"}"#);
}

#[test]
fn with_skip_alias_and_a_variants_rename_all_work() {
    let event = OrderEvent::Shipped {
        parcel_weight: 12,
        cached: 0,
        sent_from: "Bonn".into(),
    };
    assert_eq!(
        payload(&event),
        r#"{"parcel-weight":"12","sent-from":"Bonn"}"#
    );
    let aliased = r#"{"parcel-weight":"12","shop":"Bonn"}"#;
    assert_eq!(decode_one::<OrderEvent>("shipped", 1, aliased), event);
}

#[test]
fn with_works_on_the_content_of_a_newtype_variant() {
    assert_eq!(payload(&OrderEvent::Returned(9)), r#""9""#);
}

#[test]
fn names_that_serde_gives_to_variants_are_not_stored() {
    assert_eq!(OrderEvent::Returned(9).event_type(), "returned");
    assert!(decode::<OrderEvent>("ignored", 1, r#""9""#).is_err());
    assert!(decode::<OrderEvent>("PLACED", 1, r#"{"id":4}"#).is_err());
}

#[test]
fn deny_unknown_fields_works() {
    assert!(decode::<StrictEvent>("closed", 1, r#"{"by":"Ada"}"#).is_ok());
    assert!(decode::<StrictEvent>("closed", 1, r#"{"by":"Ada","at":1}"#).is_err());
}
