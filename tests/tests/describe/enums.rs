//! Enums of every tagging, and serde's attributes on their variants.

use rehydrate::Describe;
use rehydrate::schema::{TypeSchema, VariantSchema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::law::{obeys, writes};

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

#[derive(Describe, Serialize, Deserialize)]
struct Card {
    number: u64,
    #[serde(default)]
    name: String,
}

macro_rules! every_tagging {
    ($($name:ident: #[$tagging:meta] { $($tuple:tt)* } $also:expr;)*) => {$(
        #[derive(Describe, Serialize, Deserialize)]
        #[$tagging]
        enum $name {
            #[serde(alias = "nothing", alias = "none")]
            Nothing,
            #[serde(rename = "cash")]
            Cash { cents: u64, change: Option<u64> },
            #[serde(alias = "card")]
            Card(Card),
            #[serde(skip)]
            #[expect(dead_code, reason = "it is no part of the JSON")]
            Secret { key: u64 },
            $($tuple)*
        }

        impl $name {
            fn all() -> Vec<Self> {
                let card = Card { number: 1, name: String::new() };
                let mut all = vec![
                    Self::Nothing,
                    Self::Cash { cents: 1, change: Some(2) },
                    Self::Cash { cents: 1, change: None },
                    Self::Card(card),
                ];
                all.extend($also);
                all
            }
        }
    )*};
}

every_tagging! {
    External: #[serde()] {
        Pair(u64, String),
        #[serde(rename = "opt")]
        Maybe(Option<u64>),
        Text(#[serde(with = "text")] u64),
        #[serde(with = "text")]
        WholeText(u64),
        Skipping(u64, #[serde(skip)] u64, u64),
        Gone(#[serde(skip)] u64),
        None(),
        Empty {},
    } [
        Self::Pair(1, "a".to_owned()), Self::Maybe(None), Self::Maybe(Some(1)), Self::Text(3),
        Self::WholeText(4), Self::Skipping(1, 0, 3), Self::Gone(0), Self::None(), Self::Empty {},
    ];
    Internal: #[serde(tag = "kind")] { Empty {}, } [Self::Empty {}];
    Adjacent: #[serde(tag = "kind", content = "of")] {
        Pair(u64, String),
        Text(#[serde(with = "text")] u64),
        Empty {},
    } [Self::Pair(1, "a".to_owned()), Self::Text(3), Self::Empty {}];
    Untagged: #[serde(untagged)] { Pair(String, u64), Number(u64), } [
        Self::Pair("a".to_owned(), 1), Self::Number(7),
    ];
}

#[test]
fn every_tagging_is_described() {
    External::all().iter().for_each(|each| drop(obeys(each)));
    Internal::all().iter().for_each(|each| drop(obeys(each)));
    Adjacent::all().iter().for_each(|each| drop(obeys(each)));
    Untagged::all().iter().for_each(|each| drop(obeys(each)));
    let keys: Vec<_> = variants_of::<External>()
        .iter()
        .map(|variant| variant.key)
        .collect();
    assert!(
        keys.contains(&"opt") && !keys.contains(&"Secret"),
        "{keys:?}"
    );
}

fn variants_of<T: Describe>() -> &'static [VariantSchema] {
    match T::TYPE {
        TypeSchema::Enum { variants, .. } => variants,
        other => panic!("{other:?} is no enum"),
    }
}

#[derive(Describe, Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Lenient {
    KnownOne {
        cents: u64,
    },
    #[serde(skip_serializing)]
    OnlyRead,
    #[serde(skip_deserializing)]
    OnlyWritten,
    #[serde(other)]
    Unknown,
}

#[derive(Describe, Serialize, Deserialize)]
enum PartlyUntagged {
    Tagged(u64),
    #[serde(untagged)]
    Bare(bool),
    #[serde(untagged)]
    Fields {
        bare: u64,
    },
}

#[test]
fn what_a_variant_has_no_place_for_is_in_its_note() {
    let notes: Vec<_> = variants_of::<Lenient>()
        .iter()
        .map(|each| (each.key, each.note))
        .collect();
    assert_eq!(
        notes,
        [
            ("known-one", ""),
            ("only-read", "not written"),
            ("only-written", "not read"),
            ("unknown", "other")
        ]
    );
    obeys(&Lenient::KnownOne { cents: 1 });
    obeys(&Lenient::Unknown);
    writes(&Lenient::OnlyWritten);
    let read = |json: Value| serde_json::from_value::<Lenient>(json).expect("a variant");
    assert_eq!(read(json!({ "kind": "only-read" })), Lenient::OnlyRead);
    assert_eq!(read(json!({ "kind": "never heard of" })), Lenient::Unknown);
    for variant in [
        PartlyUntagged::Tagged(1),
        PartlyUntagged::Bare(true),
        PartlyUntagged::Fields { bare: 1 },
    ] {
        obeys(&variant);
    }
    assert_eq!(variants_of::<PartlyUntagged>()[1].note, "untagged");
}

#[derive(Describe, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Strict {
    Cash { cents: u64 },
}

#[test]
fn an_enum_that_denies_unknown_fields_says_so_in_each_variant_with_fields() {
    use rehydrate::schema::Shape;
    let Shape::Fields { note, .. } = variants_of::<Strict>()[0].content else {
        panic!("{:?}", Strict::TYPE);
    };
    assert_eq!(note, "deny_unknown_fields");
    obeys(&Strict::Cash { cents: 1 });
    assert!(serde_json::from_value::<Strict>(json!({ "Cash": { "cents": 1, "x": 2 } })).is_err());
}
