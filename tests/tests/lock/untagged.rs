//! Variants without a tag: the first one that fits is what was stored.

use rehydrate::{Describe, Event};
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, accepted, refused, says};

macro_rules! number {
    ($module:ident: $(#[$attribute:meta])* { $($variants:tt)* }) => {
        mod $module {
            use super::*;

            #[derive(Serialize, Deserialize, Describe)]
            $(#[$attribute])*
            pub(super) enum Number { $($variants)* }

            #[derive(Event, Serialize, Deserialize)]
            pub(super) enum CountedEvent {
                Counted { number: Number },
            }
        }
    };
}

number!(shipped: #[serde(untagged)] { Whole(i64), Real(f64), Text(String) });
number!(swapped: #[serde(untagged)] { Real(f64), Whole(i64), Text(String) });
number!(first: #[serde(untagged)] { Any(serde_json::Value), Whole(i64), Real(f64), Text(String) });
number!(last: #[serde(untagged)] { Whole(i64), Real(f64), Text(String), Flag(bool) });
number!(renamed: #[serde(untagged)] { Integer(i64), Real(f64), Text(String) });
number!(wider: #[serde(untagged)] { Whole(i128), Real(f64), Text(String) });

#[test]
fn the_order_is_in_the_lock() {
    let folder = Folder::shipped::<shipped::CountedEvent>();
    says(
        &folder.lock(),
        &[
            "\"number|Real\" = { type = \"f64\", order = 2 }",
            "\"number|Text\" = { type = \"string\", order = 3 }",
            "\"number|Whole\" = { type = \"i64\", order = 1 }",
        ],
    );
}

#[test]
fn another_order_is_refused() {
    let folder = Folder::shipped::<shipped::CountedEvent>();
    says(
        &refused::<swapped::CountedEvent>(&folder),
        &[
            "variant `number|Real` is now tried before `Whole`",
            "variant `number|Real`: write it behind `Whole`",
            "{ Whole(i64), Real(f64), Text(String), }",
        ],
    );
}

#[test]
fn a_new_variant_before_others_is_refused() {
    let folder = Folder::shipped::<shipped::CountedEvent>();
    says(
        &refused::<first::CountedEvent>(&folder),
        &["variant `number|Any` is new, and tried before `Real`, `Text`, `Whole`"],
    );
}

#[test]
fn a_new_variant_after_all_others_is_fine() {
    let folder = Folder::shipped::<shipped::CountedEvent>();
    accepted::<last::CountedEvent>(
        &folder,
        "`number|Flag` is new: bool",
        &["\"number|Flag\" = { type = \"bool\", order = 4 }"],
    );
}

#[test]
fn a_name_that_is_in_no_payload_may_change() {
    let folder = Folder::shipped::<shipped::CountedEvent>();
    folder.update::<renamed::CountedEvent>().unwrap();
    says(
        &folder.lock(),
        &["\"number|Integer\" = { type = \"i64\", order = 1 }"],
    );
}

#[test]
fn a_variant_that_reads_more_than_before_is_refused() {
    let folder = Folder::shipped::<shipped::CountedEvent>();
    refused::<wider::CountedEvent>(&folder);
}

number!(partly: { Zero, One, #[serde(untagged)] Whole(i64), #[serde(untagged)] Real(f64) });
number!(partly_swapped: { Zero, One, #[serde(untagged)] Real(f64), #[serde(untagged)] Whole(i64) });
number!(partly_grown: { Zero, One, Two, #[serde(untagged)] Whole(i64), #[serde(untagged)] Real(f64) });

#[test]
fn the_order_of_untagged_variants_beside_others_counts() {
    let folder = Folder::shipped::<partly::CountedEvent>();
    says(
        &refused::<partly_swapped::CountedEvent>(&folder),
        &[
            "variant `number|Real` is now tried before `Whole`",
            "{ One, Zero, #[serde(untagged)] Whole(i64), #[serde(untagged)] Real(f64), }",
        ],
    );
    accepted::<partly_grown::CountedEvent>(&folder, "`number|Two` is new: unit", &[]);
}
