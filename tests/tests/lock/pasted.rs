//! The suggested types are pasted as they are: they compile, and have the shipped shape.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rehydrate::{Describe, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::folder::{Folder, accepted, refused};

#[derive(Serialize, Deserialize, Describe)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Buyer {
    r#type: char,
    first_name: Option<String>,
    #[serde(default)]
    address: Address,
}

#[derive(Default, Serialize, Deserialize, Describe)]
struct Address {
    lines: Vec<String>,
    #[serde(alias = "zip")]
    code: u32,
    position: Position,
}

#[derive(Default, Serialize, Deserialize, Describe)]
struct Position(f64, f64);

#[derive(Serialize, Deserialize, Describe)]
enum Way {
    Post { stamps: [u8; 2] },
    Mail(String),
    Nothing {},
    Walk,
    Both(Box<Way>, Option<bool>),
}

#[derive(Serialize, Deserialize, Describe)]
#[serde(tag = "t", content = "c")]
enum Paid {
    #[serde(rename = "by card", alias = "card")]
    Card(Buyer),
    Cash,
}

#[derive(Serialize, Deserialize, Describe)]
#[serde(untagged)]
enum Number {
    Whole(i64),
    Real(f64),
    Flag(bool),
    Text(String),
}

#[derive(Serialize, Deserialize, Describe)]
enum Code {
    Short(u8),
    Plain,
    #[serde(untagged)]
    Whole(i64),
    #[serde(untagged)]
    Any(String),
}

#[derive(Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Describe)]
enum Zone {
    #[default]
    #[serde(rename = "self")]
    Own,
    Other,
}

#[derive(Default, Serialize, Deserialize, Describe)]
struct Place {
    zone: u8,
}

#[derive(Serialize, Deserialize, Describe)]
#[serde(tag = "kind", deny_unknown_fields)]
struct Noted {
    #[serde(skip_serializing, default)]
    #[expect(dead_code, reason = "it is never written")]
    hidden: u32,
    #[serde(skip_deserializing)]
    unread: u32,
    #[serde(alias = "z", rename(serialize = "new", deserialize = "other, one"))]
    both: Option<u32>,
    #[serde(rename(deserialize = "read"))]
    written: Option<u32>,
    #[serde(default = "one")]
    count: u32,
    #[serde(default)]
    zone: Zone,
    #[serde(default)]
    ends: (Place, [Place; 2]),
    #[serde(rename = "endsOne")]
    one: bool,
    ends_one: bool,
}

fn one() -> u32 {
    1
}

mod shipped {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum ShopEvent {
        Sold {
            id: Uuid,
            at: DateTime<Utc>,
            day: Option<NaiveDate>,
            buyer: Buyer,
            way: Way,
            paid: Paid,
            number: Number,
            code: Code,
            noted: Noted,
            noted_zone: Vec<Zone>,
            zones: BTreeMap<Zone, u8>,
            counts: BTreeMap<u32, std::num::NonZeroU16>,
            any: serde_json::Value,
            gone: (),
        },
    }
}

mod now {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum ShopEvent {
        Sold { id: Uuid },
    }
}

const SUGGESTED: &str = include_str!("suggested.in");

mod solved {
    #![expect(dead_code, reason = "its shape is what is tested")]

    use super::{Deserialize, Event, Serialize, Uuid, one};

    include!("suggested.in");

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum ShopEvent {
        #[event(history(SoldV1))]
        Sold { id: Uuid },
    }

    impl From<SoldV1> for ShopEvent {
        fn from(old: SoldV1) -> Self {
            Self::Sold { id: old.id }
        }
    }
}

#[test]
fn the_suggested_types_have_the_shipped_shape() {
    let folder = Folder::shipped::<shipped::ShopEvent>();
    let message = refused::<now::ShopEvent>(&folder);
    let indent = |line: &str| match line {
        "" => "\n".to_owned(),
        line => format!("      {line}\n"),
    };
    let suggested: String = SUGGESTED.lines().map(indent).collect();
    assert!(message.contains(&suggested), "it is:\n{message}");
    accepted::<solved::ShopEvent>(
        &folder,
        "version 2 of `sold` is new",
        &["[ShopEvent.sold.v2]"],
    );
    assert_eq!(folder.check::<solved::ShopEvent>().unwrap().versions, 2);
}
