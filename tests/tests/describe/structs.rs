//! Structs, and serde's attributes on them and on their fields.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;

use rehydrate::Describe;
use rehydrate::schema::{FieldSchema, TypeSchema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::law::{obeys, obeys_by_field, writes};

/// Which one can see: it writes and reads numbers as text.
mod text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(number)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn seven() -> u64 {
    7
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
struct Unseen {
    hidden: bool,
}

#[derive(Describe, Serialize, Deserialize)]
struct Everything {
    #[serde(default)]
    defaulted: u64,
    #[serde(default = "seven")]
    made: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    left_out: u64,
    optional: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out_optional: Option<String>,
    boxed: Box<Option<u64>>,
    nested: Option<Option<u8>>,
    #[serde(skip)]
    #[expect(dead_code, reason = "it is no part of what is written")]
    skipped: u64,
    #[serde(skip_serializing, default)]
    #[expect(dead_code, reason = "it is no part of what is written")]
    never_written: u64,
    #[serde(skip_deserializing)]
    never_read: u64,
    #[serde(with = "text")]
    as_text: u64,
    #[serde(with = "text", default)]
    as_text_by_default: u64,
    #[serde(
        serialize_with = "text::serialize",
        deserialize_with = "text::deserialize"
    )]
    in_two_parts: u64,
    #[serde(alias = "once", alias = "twice", alias = "thrice")]
    called: u64,
    borrowed: Cow<'static, str>,
    unseen: Unseen,
    unseen_option: Option<Unseen>,
    unseen_list: Vec<Unseen>,
    unseen_map: HashMap<String, Box<Unseen>>,
    unseen_tuple: (u8, Unseen, [Unseen; 1]),
    nothing: (),
    newtype: Newtype,
    note: Note,
    transparent_note: TransparentNote,
    marker: PhantomData<Unseen>,
    any: serde_json::Value,
}

/// Attributes that change nothing about the JSON.
#[derive(Describe, Serialize, Deserialize)]
#[serde(expecting = "something", crate = "serde")]
struct Borrowing<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Describe, Serialize, Deserialize)]
struct Newtype(u64);

/// serde reads no missing field as one of these.
#[derive(Describe, Serialize, Deserialize)]
struct Note(Option<String>);

/// But as one of these.
#[derive(Describe, Serialize, Deserialize)]
#[serde(transparent)]
struct TransparentNote(Option<String>);

fn everything(some: bool) -> Everything {
    let unseen = || Unseen { hidden: some };
    Everything {
        defaulted: 1,
        made: 2,
        left_out: u64::from(some),
        optional: some.then_some(4),
        left_out_optional: some.then(String::new),
        boxed: Box::new(some.then_some(5)),
        nested: some.then_some(Some(6)),
        skipped: 0,
        never_written: 0,
        never_read: 0,
        as_text: 8,
        as_text_by_default: 8,
        in_two_parts: 9,
        called: 10,
        borrowed: "text".into(),
        unseen: unseen(),
        unseen_option: some.then(unseen),
        unseen_list: vec![unseen()],
        unseen_map: [("a".to_owned(), Box::new(unseen()))].into(),
        unseen_tuple: (1, unseen(), [unseen()]),
        nothing: (),
        newtype: Newtype(1),
        note: Note(some.then(String::new)),
        transparent_note: TransparentNote(some.then(String::new)),
        marker: PhantomData,
        any: json!({ "a": [1] }),
    }
}

#[test]
fn every_attribute_of_a_field_is_told_by_its_effect() {
    for some in [true, false] {
        let json = obeys_by_field(&everything(some));
        assert!(json.get("skipped").is_none() && json.get("never_written").is_none());
    }
}

#[test]
fn attributes_that_change_nothing_are_not_told() {
    writes(&Borrowing { text: "a".into() });
    assert_eq!(
        fields_of::<Borrowing<'_>>()[0].shape,
        TypeSchema::Value("string")
    );
}

#[test]
fn what_is_not_described_is_told_as_it_is_written() {
    let fields = fields_of::<Everything>();
    let shape = |name: &str| {
        fields
            .iter()
            .find(|field| field.name == name)
            .expect(name)
            .shape
    };
    let unseen = TypeSchema::Opaque("Unseen");
    assert_eq!(shape("unseen"), unseen);
    assert_eq!(
        shape("unseen_option"),
        TypeSchema::Optional(&TypeSchema::Opaque("Unseen"))
    );
    assert_eq!(
        shape("unseen_list"),
        TypeSchema::List(&TypeSchema::Opaque("Unseen"))
    );
    assert_eq!(shape("as_text"), TypeSchema::Opaque("with = \"text\""));
    assert_eq!(
        shape("in_two_parts"),
        TypeSchema::Opaque(
            "serialize_with = \"text::serialize\", deserialize_with = \"text::deserialize\""
        )
    );
    assert_eq!(
        shape("unseen_map"),
        TypeSchema::Map {
            key: &TypeSchema::Value("string"),
            value: &TypeSchema::Opaque("Unseen"),
        }
    );
    assert!(fields.iter().all(|field| field.name != "skipped"));
}

fn fields_of<T: Describe>() -> &'static [FieldSchema] {
    match T::TYPE {
        TypeSchema::Struct { fields, .. } => fields,
        other => panic!("{other:?} is no struct"),
    }
}

#[derive(Default, Describe, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Lenient {
    one: u64,
    two: String,
}

#[derive(Describe, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    one: u64,
    maybe: Option<u64>,
}

#[derive(Describe, Serialize, Deserialize)]
#[serde(tag = "kind", rename = "tagged one")]
struct Tagged {
    one: u64,
}

#[derive(Describe, Serialize, Deserialize)]
struct Unit;

#[derive(Describe, Serialize, Deserialize)]
struct Empty {}

#[derive(Describe, Serialize, Deserialize)]
struct EmptyTuple();

#[derive(Describe, Serialize, Deserialize)]
struct Pair(u64, Option<String>);

#[derive(Describe, Serialize, Deserialize)]
struct Skipping(u64, #[serde(skip)] (), #[serde(with = "text")] u64);

#[derive(Describe, Serialize, Deserialize)]
struct OneWay(u64, #[serde(skip_serializing)] ());

#[derive(Describe, Serialize, Deserialize)]
struct TextNewtype(#[serde(with = "text")] u64);

#[derive(Describe, Serialize, Deserialize)]
#[serde(transparent)]
struct Transparent<T> {
    #[serde(skip)]
    #[expect(dead_code, reason = "it is no part of what is written")]
    cached: u8,
    inside: Strict,
    marker: PhantomData<T>,
}

#[test]
fn every_kind_of_struct_is_described() {
    let one = 1;
    obeys_by_field(&Lenient::default());
    obeys_by_field(&Strict { one, maybe: None });
    obeys_by_field(&Tagged { one });
    obeys_by_field(&Empty {});
    assert_eq!(obeys(&Unit), json!(null));
    assert_eq!(obeys(&EmptyTuple()), json!([]));
    assert_eq!(obeys(&Pair(1, None)), json!([1, null]));
    assert_eq!(obeys(&Skipping(1, (), 3)), json!([1, "3"]));
    assert_eq!(obeys(&TextNewtype(1)), json!("1"));
    writes(&OneWay(1, ()));
    obeys_by_field(&Transparent::<u8> {
        cached: 0,
        inside: Strict {
            one,
            maybe: Some(2),
        },
        marker: PhantomData,
    });
    assert_eq!(<Transparent<u8>>::TYPE, Strict::TYPE);
    assert_eq!(TextNewtype::TYPE, TypeSchema::Opaque("with = \"text\""));
}

#[derive(Describe, Serialize, Deserialize)]
struct Flattening {
    own: u64,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    maybe: Option<More>,
}

#[derive(Describe, Serialize, Deserialize)]
struct FlatteningRest {
    own: u64,
    #[serde(flatten)]
    by: Payment,
    #[serde(flatten)]
    rest: BTreeMap<String, u64>,
}

#[derive(Describe, Serialize, Deserialize)]
struct Inner {
    #[serde(alias = "x")]
    deep: u64,
    #[serde(default)]
    defaulted: u64,
}

#[derive(Describe, Serialize, Deserialize)]
struct More {
    more: u64,
}

#[derive(Describe, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Payment {
    Card { number: u64 },
}

#[test]
fn flattened_fields_stand_in_the_place_of_their_field() {
    let inner = || Inner {
        deep: 1,
        defaulted: 0,
    };
    let json = obeys_by_field(&Flattening {
        own: 1,
        inner: inner(),
        maybe: None,
    });
    assert_eq!(json, json!({ "own": 1, "deep": 1, "defaulted": 0 }));
    obeys_by_field(&Flattening {
        own: 1,
        inner: inner(),
        maybe: Some(More { more: 2 }),
    });
    let json = obeys_by_field(&FlatteningRest {
        own: 1,
        by: Payment::Card { number: 3 },
        rest: [("a".to_owned(), 1)].into(),
    });
    assert_eq!(json, json!({ "own": 1, "card": { "number": 3 }, "a": 1 }));
    assert!(fields_of::<Flattening>()[1].is_flattened);
}
