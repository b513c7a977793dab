//! `Event::SCHEMA` describes all that an enum reads and writes.

use std::collections::HashMap;

use rehydrate::Event;
use rehydrate::schema::{EventSchema, EventTypeSchema, FieldSchema, Shape};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(retired("flagged"), legacy("merged" = MergedV2, history(_, MergedV1)))]
#[serde(rename_all_fields = "camelCase")]
enum ClaimEvent {
    #[event(name = "made", alias = "created", history(MadeV1, _))]
    Made {
        r#type: Option<String>,
        #[serde(default, rename = "c")]
        #[serde(with = "pass")]
        counts: HashMap<String, Vec<u64>>,
    },
    #[serde(rename_all = "kebab-case")]
    Closed {
        at: u64,
    },
    Paid(Paid),
    Dropped,
    #[event(other)]
    Strange,
}

#[derive(Deserialize)]
struct MadeV1;

#[derive(Serialize, Deserialize)]
struct Paid;

#[derive(Deserialize)]
struct MergedV1;

#[derive(Deserialize)]
struct MergedV2;

impl From<MadeV1> for ClaimEvent {
    fn from(_: MadeV1) -> Self {
        Self::Dropped
    }
}

impl From<MergedV1> for MergedV2 {
    fn from(_: MergedV1) -> Self {
        Self
    }
}

impl From<MergedV2> for Vec<ClaimEvent> {
    fn from(_: MergedV2) -> Self {
        Vec::new()
    }
}

mod pass {
    use serde::{Deserialize, Serialize};

    pub(crate) fn serialize<T: Serialize, S: serde::Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

const EXPECTED: EventSchema = EventSchema {
    name: "ClaimEvent",
    types: &[
        EventTypeSchema {
            name: "made",
            aliases: &["created"],
            versions: &[
                Shape::Type("MadeV1"),
                Shape::Unsupported,
                Shape::Fields(&[
                    FieldSchema {
                        name: "type",
                        ty: "Option<String>",
                        serde: "rename_all_fields = \"camelCase\"",
                    },
                    FieldSchema {
                        name: "counts",
                        ty: "HashMap<String, Vec<u64>>",
                        serde: "default, rename = \"c\", with = \"pass\", rename_all_fields = \"camelCase\"",
                    },
                ]),
            ],
        },
        EventTypeSchema {
            name: "closed",
            aliases: &[],
            versions: &[Shape::Fields(&[FieldSchema {
                name: "at",
                ty: "u64",
                serde: "rename_all = \"kebab-case\"",
            }])],
        },
        EventTypeSchema {
            name: "paid",
            aliases: &[],
            versions: &[Shape::Type("Paid")],
        },
        EventTypeSchema {
            name: "dropped",
            aliases: &[],
            versions: &[Shape::Unit],
        },
    ],
    retired: &["flagged"],
    legacy: &[EventTypeSchema {
        name: "merged",
        aliases: &[],
        versions: &[
            Shape::Unsupported,
            Shape::Type("MergedV1"),
            Shape::Type("MergedV2"),
        ],
    }],
    other: Some("strange"),
};

#[test]
fn the_schema_lists_every_type_version_and_field() {
    assert_eq!(ClaimEvent::SCHEMA, EXPECTED);
}

#[test]
fn the_newest_version_is_the_one_that_is_written() {
    let newest: Vec<_> = ClaimEvent::SCHEMA
        .types
        .iter()
        .map(EventTypeSchema::newest)
        .collect();
    let written = [
        ClaimEvent::Made {
            r#type: None,
            counts: HashMap::new(),
        },
        ClaimEvent::Closed { at: 1 },
        ClaimEvent::Paid(Paid),
        ClaimEvent::Dropped,
    ];
    let written: Vec<_> = written.iter().map(Event::schema_version).collect();
    assert_eq!(newest, written);
}
