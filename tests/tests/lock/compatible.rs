//! Changes after which everything stored is read as before.

use crate::folder::{Folder, accepted};

/// An enum as it was shipped, and as it is now.
macro_rules! change {
    ($test:ident: $shipped:tt => $now:tt, $news:expr, $lock:expr) => {
        #[test]
        fn $test() {
            mod shipped {
                #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
                pub(super) enum PaymentEvent $shipped
            }
            mod now {
                #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
                pub(super) enum PaymentEvent $now
            }
            let folder = Folder::shipped::<shipped::PaymentEvent>();
            accepted::<now::PaymentEvent>(&folder, $news, &$lock);
        }
    };
}

change!(a_new_type_is_no_change_of_the_others:
    { Captured { cents: u64 } } => { Captured { cents: u64 }, Voided },
    "type `voided` of `PaymentEvent` is new",
    ["[PaymentEvent.voided.v1]"]
);

change!(a_new_optional_field_may_be_missing:
    { Captured { cents: u64 } } => { Captured { cents: u64, reference: Option<String> } },
    "`captured` v1: `reference` is new: string?",
    ["reference = \"string?\""]
);

change!(a_new_field_with_a_default_may_be_missing:
    { Captured { cents: u64 } } => { Captured { cents: u64, #[serde(default)] currency: String } },
    "`captured` v1: `currency` is new: string",
    ["currency = { type = \"string\", default = true }"]
);

change!(a_default_may_be_added:
    { Captured { cents: u64 } } => { Captured { #[serde(default)] cents: u64 } },
    "`captured` v1: `cents` has a default",
    ["cents = { type = \"u64\", default = true }"]
);

change!(a_field_may_be_renamed_with_an_alias:
    { Captured { amount: u64 } } => { Captured { #[serde(alias = "amount")] cents: u64 } },
    "`captured` v1: `cents` is read as `amount`, too",
    ["cents = { type = \"u64\", alias = [\"amount\"] }"]
);

change!(a_field_may_become_optional:
    { Captured { reference: String } } => { Captured { reference: Option<String> } },
    "`captured` v1: `reference` may be null",
    ["reference = \"string?\""]
);

change!(a_number_may_become_wider:
    { Captured { points: u32 } } => { Captured { points: i64 } },
    "`captured` v1: `points` is wider: i64 instead of u32",
    ["points = \"i64\""]
);

change!(a_content_may_become_described:
    { Captured { money: crate::incompatible::Undescribed } } =>
    { Captured { money: crate::incompatible::Described } },
    "`captured` v1: `money` is described",
    ["money = \"object\" \"money.cents\" = \"u64\""]
);

change!(a_unit_may_get_optional_fields:
    { Voided } => { Voided { reason: Option<String> } },
    "`voided` v1: `reason` is new: string?",
    ["[PaymentEvent.voided.v1] reason = \"string?\""]
);

#[test]
fn a_new_version_leaves_the_older_ones() {
    mod shipped {
        #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
        pub(super) enum PaymentEvent {
            Captured { euro: String },
        }
    }
    mod now {
        #[derive(serde::Deserialize, rehydrate::Describe)]
        pub(super) struct CapturedV1 {
            euro: String,
        }
        #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
        pub(super) enum PaymentEvent {
            #[event(history(CapturedV1))]
            Captured { cents: usize },
        }
        impl From<CapturedV1> for PaymentEvent {
            fn from(old: CapturedV1) -> Self {
                let cents = old.euro.len();
                Self::Captured { cents }
            }
        }
    }
    let folder = Folder::shipped::<shipped::PaymentEvent>();
    accepted::<now::PaymentEvent>(
        &folder,
        "version 2 of `captured` is new",
        &[
            "[PaymentEvent.captured.v1] euro = \"string\"",
            "[PaymentEvent.captured.v2] cents = \"u64\"",
        ],
    );
    assert!(
        folder
            .read("events.golden/PaymentEvent/captured.v2.json")
            .contains("cents")
    );
}

#[test]
fn names_in_the_code_are_not_in_the_lock() {
    mod shipped {
        #[derive(serde::Serialize, serde::Deserialize, rehydrate::Describe)]
        pub(super) struct Content {
            by: Name,
            lines: Vec<Line>,
        }
        #[derive(serde::Serialize, serde::Deserialize, rehydrate::Describe)]
        pub(super) struct Line {
            cents: u64,
        }
        #[derive(serde::Serialize, serde::Deserialize, rehydrate::Describe)]
        pub(super) struct Name(String);
        #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
        pub(super) enum PaymentEvent {
            Captured(Content),
            Voided,
        }
    }
    mod now {
        #[derive(serde::Serialize, serde::Deserialize, rehydrate::Describe)]
        pub(super) struct Position {
            #[serde(rename = "cents")]
            amount: Box<u64>,
        }
        #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
        pub(super) enum PaymentEvent {
            #[event(name = "voided")]
            Cancelled,
            Captured {
                lines: std::collections::VecDeque<Position>,
                by: String,
            },
        }
    }
    let folder = Folder::shipped::<shipped::PaymentEvent>();
    folder.check::<now::PaymentEvent>().unwrap();
    let before = folder.all();
    assert_eq!(
        folder.update::<now::PaymentEvent>().unwrap().written.len(),
        0
    );
    assert_eq!(folder.all(), before);
}
