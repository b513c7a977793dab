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
    Text(String),
    Whole(i64),
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

    use super::{Deserialize, Event, Serialize, Uuid};

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
