//! What is within a field.

use std::collections::{BTreeMap, HashMap};

use rehydrate::{Describe, Event};
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, accepted, refused, says};

/// The same enum around two types of one name.
macro_rules! around {
    ($module:ident: $($item:item)+) => {
        mod $module {
            use super::*;

            $(#[derive(Serialize, Deserialize, Describe)] $item)+

            #[derive(Event, Serialize, Deserialize)]
            pub(super) enum OrderEvent {
                Placed {
                    lines: Vec<Line>,
                    prices: BTreeMap<String, Price>,
                    method: Method,
                    point: (f64, f64),
                    tree: Tree,
                    more: More,
                },
            }
        }
    };
}

around! {shipped:
    pub(super) struct Line { article: String, count: u32 }
    pub(super) struct Price { cents: u64 }
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub(super) enum Method { Card { last4: String }, Cash, Bill(Bill) }
    pub(super) struct Bill { days: u32 }
    pub(super) struct Tree { name: String, children: Vec<Tree> }
    pub(super) struct More { #[serde(flatten)] all: BTreeMap<String, u64> }
}

around! {changed:
    pub(super) struct Line { article: u64, count: u32 }
    pub(super) struct Price { cents: i32 }
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub(super) enum Method { CreditCard { last4: String }, Bill(Bill) }
    pub(super) struct Bill { days: u32, from: String }
    pub(super) struct Tree { label: String, children: Vec<Tree> }
    pub(super) struct More { #[serde(flatten)] all: BTreeMap<String, String> }
}

around! {retagged:
    pub(super) struct Line { article: String, count: u32 }
    pub(super) struct Price { cents: u64 }
    #[serde(tag = "type", rename_all = "snake_case")]
    pub(super) enum Method { Card { last4: String }, Cash, Bill(Bill) }
    pub(super) struct Bill { days: u32 }
    pub(super) struct Tree { name: String, children: Vec<Tree> }
    pub(super) struct More { #[serde(flatten)] all: BTreeMap<String, u64> }
}

around! {grown:
    pub(super) struct Line { article: String, count: u64, note: Option<String> }
    pub(super) struct Price { cents: u64 }
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub(super) enum Method {
        #[serde(alias = "card")] CreditCard { last4: String },
        Cash,
        Bill(Bill),
        Voucher,
    }
    pub(super) struct Bill { days: u32 }
    pub(super) struct Tree { name: String, #[serde(alias = "children")] branches: Vec<Tree> }
    pub(super) struct More { #[serde(flatten)] all: BTreeMap<String, u64> }
}

const SHIPPED: &str = r#"
[OrderEvent.placed.v1]
lines = "list"
"lines[]" = "object"
"lines[].article" = "string"
"lines[].count" = "u32"
method = "enum with tag \"kind\""
"method|bill" = "object"
"method|bill.days" = "u32"
"method|card" = "object"
"method|card.last4" = "string"
"method|cash" = "object"
more = "object"
"more.+all" = "map"
"more.+all{key}" = "string"
"more.+all{}" = "u64"
point = "tuple of 2"
"point[0]" = "f64"
"point[1]" = "f64"
prices = "map"
"prices{key}" = "string"
"prices{}" = "object"
"prices{}.cents" = "u64"
tree = "object"
"tree.children" = "list"
"tree.children[]" = "as tree"
"tree.name" = "string"
"#;

#[test]
fn the_lock_has_a_line_for_each_place() {
    let folder = Folder::shipped::<shipped::OrderEvent>();
    let lock = folder.lock();
    let at = lock.find(SHIPPED).unwrap_or_else(|| panic!("it is {lock}"));
    assert_eq!(at + SHIPPED.len(), lock.len(), "{lock}");
}

#[test]
fn a_change_within_a_nested_type_is_told_with_its_path() {
    let folder = Folder::shipped::<shipped::OrderEvent>();
    let message = refused::<changed::OrderEvent>(&folder);
    says(
        &message,
        &[
            "field `lines[].article` has another type: it was shipped as string and is now u64",
            "field `prices{}.cents` has another type: it was shipped as u64 and is now i32",
            "variant `method|card` was removed and `credit_card` was added with the same type: renamed?",
            "variant `method|cash` was removed",
            "field `method|bill.from` was added (string)",
            "field `tree.name` was removed and `label` was added with the same type: renamed?",
            "field `more.+all{}` has another type: it was shipped as u64 and is now string",
            "struct PlacedV1Lines { article: String, count: u32, }",
            "#[serde(tag = \"kind\")] enum PlacedV1Method {",
            "#[serde(rename = \"card\")] Card { last4: String, }, #[serde(rename = \"cash\")] Cash,",
            "children: Vec<PlacedV1Tree>,",
            "#[serde(flatten)] all: std::collections::BTreeMap<String, u64>,",
            "point: (f64, f64),",
        ],
    );
}

#[test]
fn another_tag_is_another_form() {
    let folder = Folder::shipped::<shipped::OrderEvent>();
    says(
        &refused::<retagged::OrderEvent>(&folder),
        &[
            "field `method` has another type: it was shipped as enum with tag \"kind\" and is now enum with tag \"type\"",
        ],
    );
}

#[test]
fn a_nested_type_may_grow() {
    let folder = Folder::shipped::<shipped::OrderEvent>();
    accepted::<grown::OrderEvent>(
        &folder,
        "`placed` v1: `lines[].note` is new: string?",
        &[
            "\"lines[].count\" = \"u64\"",
            "\"lines[].note\" = \"string?\"",
            "\"method|credit_card\" = { type = \"object\", alias = [\"card\"] }",
            "\"method|voucher\" = \"object\"",
            "\"tree.branches\" = { type = \"list\", alias = [\"children\"] }",
            "\"tree.branches[]\" = \"as tree\"",
        ],
    );
}

#[derive(Serialize, Deserialize)]
struct Foreign(HashMap<String, u8>);

#[derive(Event, Serialize, Deserialize)]
enum StrangeEvent {
    Seen {
        foreign: Foreign,
        at: Option<Foreign>,
    },
}

#[test]
fn what_cannot_be_seen_is_said() {
    let folder = Folder::new();
    let error = folder.check::<StrangeEvent>().unwrap_err();
    let unseen = [
        "Not seen into",
        "- StrangeEvent `seen` v1 `at`: Foreign",
        "- StrangeEvent `seen` v1 `foreign`: Foreign",
    ];
    says(&error.to_string(), &unseen);
    let checked = folder.update::<StrangeEvent>().unwrap();
    says(&checked.to_string(), &unseen);
    assert_eq!(checked.unseen.len(), 2);
    assert_eq!(checked.unseen[0].path, "at");
    says(
        &folder.lock(),
        &["at = \"opaque Foreign?\"", "foreign = \"opaque Foreign\""],
    );
}

#[test]
fn two_types_that_cannot_be_seen_are_not_taken_for_one() {
    mod now {
        use super::*;

        #[derive(Serialize, Deserialize)]
        pub(super) struct Other(HashMap<String, u8>);

        #[derive(Event, Serialize, Deserialize)]
        pub(super) enum StrangeEvent {
            Seen { foreign: Other, at: Option<Other> },
        }
    }
    let folder = Folder::shipped::<StrangeEvent>();
    says(
        &refused::<now::StrangeEvent>(&folder),
        &[
            "field `foreign` was shipped as `Foreign` and is now `Other`; neither is described",
            "add `#[derive(rehydrate::Describe)]` to `Other`",
        ],
    );
}
