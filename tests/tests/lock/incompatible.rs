//! Changes of a field after which something stored is no longer read as before.

use serde::{Deserialize, Serialize};

use crate::folder::{Folder, refused, says};

/// An enum as it was shipped, and as it is now.
macro_rules! change {
    ($test:ident: $shipped:tt => $now:tt, $says:expr) => {
        #[test]
        fn $test() {
            mod shipped {
                #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
                pub(super) enum PaymentEvent {
                    Captured $shipped,
                }
            }
            mod now {
                #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
                pub(super) enum PaymentEvent {
                    Captured $now,
                }
            }
            let folder = Folder::shipped::<shipped::PaymentEvent>();
            let message = refused::<now::PaymentEvent>(&folder);
            says(
                &message,
                &[
                    "PaymentEvent::Captured, stored as `captured`, version 1 (today's shape), was changed:",
                    "#[event(history(CapturedV1))]",
                    "#[derive(rehydrate::Describe, serde::Deserialize)] struct CapturedV1 {",
                    "impl From<CapturedV1> for PaymentEvent {",
                    "git checkout <released commit> -- events.lock events.golden",
                ],
            );
            says(&message, &$says);
        }
    };
}

change!(an_added_field_needs_a_default_or_a_version:
    { cents: u64 } => { cents: u64, currency: String },
    [
        "field `currency` was added (string) and has no default",
        "field `currency`: `#[serde(default)]`",
        "make it an `Option<String>`",
        "cents: old.cents,",
        "currency: todo!(\"what it was when it was not stored\"),",
        "golden event events.golden/PaymentEvent/captured.v1.json: it has a payload of another shape: missing field `currency`",
    ]
);

change!(a_removed_field_is_missed:
    { cents: u64, reference: Option<String> } => { cents: u64 },
    [
        "field `reference` was removed; it was shipped as string?",
        "reference: Option<String>,",
        "field `reference`: put back what was removed",
    ]
);

change!(a_renamed_field_is_recognised:
    { amount: u64 } => { cents: u64 },
    [
        "field `amount` was removed and `cents` was added with the same type: renamed?",
        "`#[serde(alias = \"amount\")]`",
        "`#[serde(rename = \"amount\")]`",
        "cents: old.amount,",
    ]
);

change!(a_retyped_field_needs_a_version:
    { euro: String } => { euro: i64 },
    [
        "field `euro` has another type: it was shipped as string and is now i64",
        "euro: String,",
        "euro: todo!(\"i64 from old.euro\"),",
    ]
);

change!(a_narrower_number_is_another_type:
    { cents: i64 } => { cents: u64 },
    ["field `cents` has another type: it was shipped as i64 and is now u64"]
);

change!(a_field_that_may_be_null_must_stay_so:
    { reference: Option<String> } => { reference: String },
    [
        "field `reference` can no longer be null: it was shipped as string?",
        "leave it an `Option`",
    ]
);

change!(a_default_must_stay:
    { #[serde(default)] cents: u64 } => { cents: u64 },
    [
        "field `cents` no longer has a default",
        "put back `#[serde(default)]`",
        "#[serde(default)] cents: u64,",
    ]
);

change!(an_alias_must_stay:
    { #[serde(alias = "amount")] cents: u64 } => { cents: u64 },
    [
        "field `cents` is no longer read under its older name `amount`",
        "put back `#[serde(alias = \"amount\")]`",
    ]
);

change!(a_renamed_key_is_a_renamed_field:
    { cents: u64 } => { #[serde(rename = "c")] cents: u64 },
    ["field `cents` was removed and `c` was added with the same type: renamed?"]
);

mod pass {
    use serde::{Deserialize, Serialize};

    pub(super) fn serialize<T: Serialize, S: serde::Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

change!(code_of_ones_own_for_a_field_is_no_description:
    { cents: u64 } => { #[serde(with = "crate::incompatible::pass")] cents: u64 },
    [
        "field `cents` is no longer described",
        "implement `rehydrate::schema::Describe` for it",
    ]
);

#[derive(Serialize, Deserialize)]
pub(crate) struct Undescribed {
    cents: u64,
}

#[derive(Serialize, Deserialize, rehydrate::Describe)]
pub(crate) struct Described {
    cents: u64,
}

change!(a_described_type_must_stay_described:
    { money: crate::incompatible::Described } => { money: crate::incompatible::Undescribed },
    [
        "field `money` is no longer described",
        "add `#[derive(rehydrate::Describe)]` to",
        "struct CapturedV1Money { cents: u64, }",
    ]
);

#[test]
fn a_type_that_begins_to_deny_unknown_fields_is_changed() {
    mod shipped {
        #[derive(serde::Serialize, serde::Deserialize, rehydrate::Describe)]
        pub(super) struct Captured {
            cents: u64,
        }
        #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
        pub(super) enum PaymentEvent {
            Captured(Captured),
        }
    }
    mod now {
        #[derive(serde::Serialize, serde::Deserialize, rehydrate::Describe)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Captured {
            cents: u64,
        }
        #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
        pub(super) enum PaymentEvent {
            Captured(Captured),
        }
    }
    let folder = Folder::shipped::<shipped::PaymentEvent>();
    says(
        &refused::<now::PaymentEvent>(&folder),
        &[
            "the payload has got `#[serde(deny_unknown_fields)]`",
            "the payload: take away `#[serde(deny_unknown_fields)]`",
        ],
    );
    let folder = Folder::shipped::<now::PaymentEvent>();
    crate::folder::accepted::<shipped::PaymentEvent>(
        &folder,
        "no longer denies unknown fields",
        &[],
    );
}

#[test]
fn all_problems_are_told_at_once() {
    mod shipped {
        #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
        pub(super) enum PaymentEvent {
            Captured { cents: u64, by: String },
            Refunded { cents: u64 },
            Flagged,
        }
    }
    mod now {
        #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
        pub(super) enum PaymentEvent {
            Captured { cents: String },
            Refunded { cents: u64, to: String },
        }
    }
    let folder = Folder::shipped::<shipped::PaymentEvent>();
    says(
        &refused::<now::PaymentEvent>(&folder),
        &[
            "3 problems",
            "field `cents` has another type",
            "field `by` was removed",
            "field `to` was added",
            "the stored type `flagged` is gone",
        ],
    );
}
