//! A stored event of any schema version decodes to what the hand-made chain of upcasts gives.

use proptest::prelude::*;
use rehydrate::{
    Decoded, Event, EventRow, Page, Position, SchemaVersion, StoredEvent, Upcast, Version,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A shape whose single field tells in its name which version it is, so that no other decodes it.
macro_rules! shapes {
    ($($shape:ident $field:ident),*) => {$(
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $shape { $field: u64 }
    )*};
}

shapes!(V1 one, V2 two, V3 three, V4 four, V5 five, V6 six, V7 seven);

// Each link does something else, so that a missing, repeated or swapped one shows.
impl From<V1> for V2 {
    fn from(old: V1) -> Self {
        Self {
            two: old.one.wrapping_mul(3),
        }
    }
}
impl From<V2> for V3 {
    fn from(old: V2) -> Self {
        Self {
            three: old.two.wrapping_add(17),
        }
    }
}
impl From<V3> for V4 {
    fn from(old: V3) -> Self {
        Self {
            four: old.three.rotate_left(5),
        }
    }
}
impl TryFrom<V4> for V5 {
    type Error = &'static str;
    fn try_from(old: V4) -> Result<Self, Self::Error> {
        Ok(Self {
            five: old.four ^ 0xabcd,
        })
    }
}
impl Upcast<V6> for V5 {
    type Error = std::convert::Infallible;
    fn upcast(self, stored: &StoredEvent<'_>) -> Result<V6, Self::Error> {
        Ok(V6 {
            six: self.five.wrapping_mul(stored.version.get()),
        })
    }
}
impl From<V6> for V7 {
    fn from(old: V6) -> Self {
        Self {
            seven: old.six.wrapping_sub(99),
        }
    }
}

/// By hand: the value that a payload of a version has at another.
fn by_hand(value: u64, from: u32, to: u32, stream_version: u64) -> u64 {
    (from..to).fold(value, |value, version| match version {
        1 => value.wrapping_mul(3),
        2 => value.wrapping_add(17),
        3 => value.rotate_left(5),
        4 => value ^ 0xabcd,
        5 => value.wrapping_mul(stream_version),
        _ => value.wrapping_sub(99),
    })
}

const FIELDS: [&str; 7] = ["one", "two", "three", "four", "five", "six", "seven"];

/// An event whose history is a chain of each length, and one that ends in the enum itself.
#[derive(Debug, PartialEq, Event, Serialize, Deserialize)]
enum Chained {
    Length0(V1),
    #[event(history(V1))]
    Length1(V2),
    #[event(history(V1, V2))]
    Length2(V3),
    #[event(history(V1, V2, V3))]
    Length3(V4),
    #[event(history(V1, V2, V3, V4))]
    Length4(V5),
    #[event(history(V1, V2, V3, V4, V5))]
    Length5(V6),
    #[event(history(V1, V2, V3, V4, V5, V6))]
    Length6(V7),
    #[event(history(V1, V2, V3, V4, V5, V6, V7))]
    IntoTheEnum {
        value: u64,
    },
}

impl From<V7> for Chained {
    fn from(old: V7) -> Self {
        Self::IntoTheEnum { value: old.seven }
    }
}

impl Chained {
    fn of(length: u32, value: u64) -> Self {
        match length {
            0 => Self::Length0(V1 { one: value }),
            1 => Self::Length1(V2 { two: value }),
            2 => Self::Length2(V3 { three: value }),
            3 => Self::Length3(V4 { four: value }),
            4 => Self::Length4(V5 { five: value }),
            5 => Self::Length5(V6 { six: value }),
            6 => Self::Length6(V7 { seven: value }),
            _ => Self::IntoTheEnum { value },
        }
    }
}

/// An old type with a history of its own, which is today as many events as its version says.
#[derive(Debug, PartialEq, Event, Serialize, Deserialize)]
#[event(legacy("split" = V4, history(V1, V2, V3)), retired("gone"))]
enum Split {
    #[event(alias = "piece")]
    Part { value: u64 },
}

impl Upcast<Vec<Split>> for V4 {
    type Error = std::convert::Infallible;
    fn upcast(self, stored: &StoredEvent<'_>) -> Result<Vec<Split>, Self::Error> {
        let parts = 0..stored.version.get();
        let value = |part| self.four.wrapping_add(part);
        Ok(parts
            .map(|part| Split::Part { value: value(part) })
            .collect())
    }
}

fn decode(event_type: &str, schema_version: u32, payload: &str, version: u64) -> Option<Chained> {
    match decode_as(event_type, schema_version, payload, version) {
        Some(Decoded::One(event)) => Some(event),
        _ => None,
    }
}

fn decode_as<E: Event>(
    event_type: &str,
    schema_version: u32,
    payload: &str,
    version: u64,
) -> Option<Decoded<E>> {
    let mut page = Page::new();
    page.push(&EventRow {
        category: "chained",
        stream_id: "1",
        version: Version(version),
        position: Position(1),
        event_type,
        schema_version: SchemaVersion(schema_version),
        payload,
        metadata: None,
        event_id: Uuid::nil(),
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    });
    E::decode(&page.first()?).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stored_event_of_any_version_decodes_as_the_chain_by_hand(
        length in 0..8_u32, from in 1..9_u32, value: u64, version in 1..1_000_u64,
    ) {
        let newest = length + 1;
        prop_assume!(from <= newest);
        let event_type = Chained::of(length, 0).event_type();
        let field = FIELDS.get(from as usize - 1).copied().unwrap_or("value");
        let payload = format!(r#"{{"{field}":{value}}}"#);
        // The last link of the longest chain only takes the value over into the enum.
        let expected = by_hand(value, from, newest.min(7), version);
        let decoded = decode(event_type, from, &payload, version);
        prop_assert_eq!(decoded, Some(Chained::of(length, expected)));
        prop_assert_eq!(decode(event_type, newest + 1, &payload, version), None);
        prop_assert_eq!(decode(event_type, 0, &payload, version), None);
    }

    #[test]
    fn a_legacy_event_of_any_version_is_split_as_the_chain_by_hand(
        from in 1..5_u32, value: u64, version in 0..6_u64,
    ) {
        let payload = format!(r#"{{"{}":{value}}}"#, FIELDS[from as usize - 1]);
        let last = by_hand(value, from, 4, version);
        let part = |part| Split::Part { value: last.wrapping_add(part) };
        let expected = Decoded::Many((0..version).map(part).collect());
        prop_assert_eq!(decode_as("split", from, &payload, version), Some(expected));
        prop_assert_eq!(decode_as::<Split>("split", 5, &payload, version), None);
        prop_assert_eq!(decode_as::<Split>("split", 0, &payload, version), None);
        let part = format!(r#"{{"value":{value}}}"#);
        let one = Some(Decoded::One(Split::Part { value }));
        prop_assert_eq!(decode_as("piece", 1, &part, version), one);
        prop_assert_eq!(decode_as("gone", from, &payload, version), Some(Decoded::<Split>::Retired));
    }

    #[test]
    fn an_event_written_today_is_read_as_it_was(length in 0..8_u32, value: u64) {
        let event = Chained::of(length, value);
        prop_assert_eq!(event.schema_version(), SchemaVersion(length + 1));
        let payload = event.encode().unwrap();
        let decoded = decode(event.event_type(), length + 1, &payload, 1);
        prop_assert_eq!(decoded, Some(event));
    }
}
