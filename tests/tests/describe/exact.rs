//! Descriptions, word for word.

use rehydrate::Describe;
use rehydrate::schema::{FieldSchema, Shape, Tagging, TypeSchema, VariantSchema};

const FIELD: FieldSchema = FieldSchema {
    name: "",
    key: "",
    aliases: &[],
    ty: "",
    shape: TypeSchema::Value("u64"),
    has_default: false,
    is_flattened: false,
    note: "",
};

#[derive(Describe, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", deny_unknown_fields)]
#[expect(dead_code, reason = "it is only described")]
struct Money {
    #[serde(default, alias = "z", alias = "a", rename(deserialize = "read"))]
    in_cents: u64,
    #[serde(skip_serializing)]
    r#type: Option<String>,
}

#[derive(Describe)]
#[expect(dead_code, reason = "it is only described")]
enum Way {
    Cash,
    Card(Money),
    Both(u64, Vec<u64>),
    Other { by: u64 },
}

#[test]
fn a_struct_is_described_by_its_fields() {
    let fields = [
        FieldSchema {
            name: "in_cents",
            key: "inCents",
            aliases: &["a", "read", "z"],
            ty: "u64",
            has_default: true,
            note: r#"read as "read""#,
            ..FIELD
        },
        FieldSchema {
            name: "type",
            key: "type",
            ty: "Option<String>",
            shape: TypeSchema::Optional(&TypeSchema::Value("string")),
            note: "not written",
            ..FIELD
        },
    ];
    let TypeSchema::Struct {
        name,
        fields: described,
        note,
    } = Money::TYPE
    else {
        panic!("{:?}", Money::TYPE);
    };
    assert_eq!(name, "Money");
    assert_eq!(described, fields);
    assert_eq!(note, "tag = \"kind\" of \"Money\", deny_unknown_fields");
}

#[test]
fn an_enum_is_described_by_its_variants() {
    let variant = |name, content| VariantSchema {
        name,
        key: name,
        aliases: &[],
        content,
        note: "",
    };
    let variants = [
        variant("Cash", Shape::Unit),
        variant(
            "Card",
            Shape::Type {
                name: "Money",
                shape: Money::TYPE,
            },
        ),
        variant(
            "Both",
            Shape::Type {
                name: "(u64, Vec<u64>)",
                shape: TypeSchema::Tuple(&[
                    TypeSchema::Value("u64"),
                    TypeSchema::List(&TypeSchema::Value("u64")),
                ]),
            },
        ),
        variant(
            "Other",
            Shape::Fields {
                fields: &[FieldSchema {
                    name: "by",
                    key: "by",
                    ty: "u64",
                    ..FIELD
                }],
                note: "",
            },
        ),
    ];
    let TypeSchema::Enum {
        name,
        tagging,
        variants: described,
    } = Way::TYPE
    else {
        panic!("{:?}", Way::TYPE);
    };
    assert_eq!(name, "Way");
    assert_eq!(tagging, Tagging::External);
    assert_eq!(described, variants);
}
