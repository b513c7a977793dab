//! `Event::SCHEMA` describes all that an enum reads and writes.

use std::collections::HashMap;

use rehydrate::schema::{EventSchema, EventTypeSchema, FieldSchema, Shape, TypeSchema};
use rehydrate::{Describe, Event};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(retired("flagged"), legacy("merged" = MergedV2, history(_, MergedV1)))]
#[serde(rename_all_fields = "camelCase", deny_unknown_fields)]
enum ClaimEvent {
    #[event(name = "made", alias = "created", history(MadeV1, _))]
    Made {
        #[serde(alias = "kind", skip_serializing_if = "Option::is_none")]
        r#type: Option<String>,
        #[serde(default, rename = "c")]
        #[serde(with = "pass")]
        counts: HashMap<String, Vec<u64>>,
        #[serde(skip)]
        cached: u8,
        by_whom: Option<Person>,
    },
    #[serde(rename = "not-stored", rename_all = "kebab-case")]
    Closed {
        closed_at: u64,
    },
    Paid(Paid),
    Converted(#[serde(with = "pass")] Paid),
    #[serde(serialize_with = "pass::serialize")]
    Handled(Paid),
    Dropped,
    #[event(other)]
    Strange,
}

#[derive(Deserialize)]
struct MadeV1;

#[derive(Serialize, Deserialize)]
struct Person;

#[derive(Describe, Serialize, Deserialize)]
struct Paid {
    cents: i64,
}

#[derive(Deserialize)]
struct MergedV1;

#[derive(Describe, Deserialize)]
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
            code: "Made",
            aliases: &["created"],
            versions: &[
                opaque("MadeV1"),
                Shape::Unsupported,
                Shape::Fields {
                    fields: &[
                        FieldSchema {
                            name: "type",
                            key: "type",
                            aliases: &["kind"],
                            ty: "Option<String>",
                            shape: TypeSchema::Optional(&STRING),
                            has_default: false,
                            is_flattened: false,
                            note: "",
                        },
                        FieldSchema {
                            name: "counts",
                            key: "c",
                            aliases: &[],
                            ty: "HashMap<String, Vec<u64>>",
                            shape: TypeSchema::Opaque("with = \"pass\""),
                            has_default: true,
                            is_flattened: false,
                            note: "",
                        },
                        FieldSchema {
                            name: "by_whom",
                            key: "byWhom",
                            aliases: &[],
                            ty: "Option<Person>",
                            shape: TypeSchema::Optional(&TypeSchema::Opaque("Person")),
                            has_default: false,
                            is_flattened: false,
                            note: "",
                        },
                    ],
                    note: "deny_unknown_fields",
                },
            ],
        },
        EventTypeSchema {
            name: "closed",
            code: "Closed",
            aliases: &[],
            versions: &[Shape::Fields {
                fields: &[FieldSchema {
                    name: "closed_at",
                    key: "closed-at",
                    aliases: &[],
                    ty: "u64",
                    shape: TypeSchema::Value("u64"),
                    has_default: false,
                    is_flattened: false,
                    note: "",
                }],
                note: "deny_unknown_fields",
            }],
        },
        EventTypeSchema {
            name: "paid",
            code: "Paid",
            aliases: &[],
            versions: &[Shape::Type {
                name: "Paid",
                shape: PAID,
            }],
        },
        EventTypeSchema {
            name: "converted",
            code: "Converted",
            aliases: &[],
            versions: &[Shape::Type {
                name: "Paid",
                shape: TypeSchema::Opaque("with = \"pass\""),
            }],
        },
        EventTypeSchema {
            name: "handled",
            code: "Handled",
            aliases: &[],
            versions: &[Shape::Type {
                name: "Paid",
                shape: TypeSchema::Opaque("serialize_with = \"pass::serialize\""),
            }],
        },
        EventTypeSchema {
            name: "dropped",
            code: "Dropped",
            aliases: &[],
            versions: &[Shape::Unit],
        },
    ],
    retired: &["flagged"],
    legacy: &[EventTypeSchema {
        name: "merged",
        code: "MergedV2",
        aliases: &[],
        versions: &[
            Shape::Unsupported,
            opaque("MergedV1"),
            Shape::Type {
                name: "MergedV2",
                shape: TypeSchema::Value("null"),
            },
        ],
    }],
    other: Some("strange"),
};

const STRING: TypeSchema = TypeSchema::Value("string");

const PAID: TypeSchema = TypeSchema::Struct {
    name: "Paid",
    fields: &[FieldSchema {
        name: "cents",
        key: "cents",
        aliases: &[],
        ty: "i64",
        shape: TypeSchema::Value("i64"),
        has_default: false,
        is_flattened: false,
        note: "",
    }],
    note: "",
};

const fn opaque(name: &'static str) -> Shape {
    Shape::Type {
        name,
        shape: TypeSchema::Opaque(name),
    }
}

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
            cached: 0,
            by_whom: None,
        },
        ClaimEvent::Closed { closed_at: 1 },
        ClaimEvent::Paid(Paid { cents: 1 }),
        ClaimEvent::Converted(Paid { cents: 1 }),
        ClaimEvent::Handled(Paid { cents: 1 }),
        ClaimEvent::Dropped,
    ];
    let written: Vec<_> = written.iter().map(Event::schema_version).collect();
    assert_eq!(newest, written);
}
