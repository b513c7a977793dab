//! What somebody may do to the fields and versions of the payment service's events, and the way out.

use super::copies::Change;
use super::paste::{EVENTS, PAST, Remedy};

/// A change that would lose history.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What was shipped before it, on top of the service as it is.
    pub(crate) shipped: &'static [Change],
    pub(crate) change: &'static [Change],
    /// What the check says, among other things.
    pub(crate) says: &'static [&'static str],
    /// What it says is to be done, done on top of the change.
    pub(crate) remedy: Remedy,
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a_field_is_added",
        shipped: &[],
        change: &[(
            EVENTS,
            "        expense: Cents,\n",
            "        expense: Cents,\n        carrier: String,\n",
        )],
        says: &[
            "FineEvent::Sent, stored as `sent`, version 1 (today's shape), was changed",
            "field `carrier` was added (string) and has no default",
            "make it an `Option<String>`",
        ],
        remedy: Remedy::Block {
            block: r#"#[derive(rehydrate::Describe, serde::Deserialize)]
struct SentV1 {
    expense: i64,
}

#[event(history(SentV1))]
Sent { … },

impl From<SentV1> for FineEvent {
    fn from(old: SentV1) -> Self {
        Self::Sent {
            expense: todo!("Cents from old.expense"),
            carrier: todo!("what it was when it was not stored"),
        }
    }
}"#,
            filled: &[
                (r#"todo!("Cents from old.expense")"#, "Cents(old.expense)"),
                (
                    r#"todo!("what it was when it was not stored")"#,
                    r#""the post".to_owned()"#,
                ),
            ],
            more: &[],
        },
    },
    Case {
        name: "a_field_is_removed",
        shipped: &[],
        change: &[(EVENTS, "        notification_type: Option<String>,\n", "")],
        says: &[
            "FineEvent::Notified, stored as `notified`",
            "field `notification_type` was removed; it was shipped as string?",
        ],
        remedy: Remedy::Block {
            block: r"#[derive(rehydrate::Describe, serde::Deserialize)]
struct NotifiedV1 {
    last_sent: Option<String>,
    notification_type: Option<String>,
}

#[event(history(NotifiedV1))]
Notified { … },

impl From<NotifiedV1> for FineEvent {
    fn from(old: NotifiedV1) -> Self {
        Self::Notified {
            last_sent: old.last_sent,
        }
    }
}",
            filled: &[],
            more: &[],
        },
    },
    Case {
        name: "a_field_is_renamed",
        shipped: &[],
        change: &[(
            EVENTS,
            "        code: String,\n",
            "        reason: String,\n",
        )],
        says: &[
            "FineEvent::Dismissed, stored as `dismissed`",
            "field `code` was removed and `reason` was added with the same type: renamed?",
        ],
        remedy: Remedy::Attributes(&[(r#"#[serde(alias = "code")]"#, "        reason: String,\n")]),
    },
    Case {
        name: "a_field_is_renamed_and_keeps_its_stored_name",
        shipped: &[],
        change: &[(
            EVENTS,
            "        code: String,\n",
            "        reason: String,\n",
        )],
        says: &["it is stored as before"],
        remedy: Remedy::Attributes(&[(
            r#"#[serde(rename = "code")]"#,
            "        reason: String,\n",
        )]),
    },
    Case {
        name: "a_field_is_retyped",
        shipped: &[],
        change: &[(
            EVENTS,
            "        amount: Cents,\n",
            "        amount: String,\n",
        )],
        says: &[
            "FineEvent::PenaltyAdded, stored as `penalty_added`",
            "it was shipped as i64 and is now string",
        ],
        remedy: Remedy::Block {
            block: r#"#[derive(rehydrate::Describe, serde::Deserialize)]
struct PenaltyAddedV1 {
    amount: i64,
}

#[event(history(PenaltyAddedV1))]
PenaltyAdded { … },

impl From<PenaltyAddedV1> for FineEvent {
    fn from(old: PenaltyAddedV1) -> Self {
        Self::PenaltyAdded {
            amount: todo!("String from old.amount"),
        }
    }
}"#,
            filled: &[(
                r#"todo!("String from old.amount")"#,
                "old.amount.to_string()",
            )],
            more: &[],
        },
    },
    Case {
        name: "a_nested_type_is_changed",
        shipped: &[],
        change: &[(
            EVENTS,
            "pub reference: Option<String>,",
            "pub reference: Option<u64>,",
        )],
        says: &[
            "FineEvent::PaymentReceived, stored as `payment_received`, version 3",
            "field `reference` has another type: it was shipped as string? and is now u64?",
            "`impl From<PaymentReceivedV2> for PaymentReceived` becomes \
             `impl From<PaymentReceivedV2> for PaymentReceivedV3`",
        ],
        remedy: Remedy::Block {
            block: r#"#[derive(rehydrate::Describe, serde::Deserialize)]
struct PaymentReceivedV3 {
    cents: i64,
    #[serde(default)]
    reference: Option<String>,
    #[serde(default)]
    stated_total_cents: Option<i64>,
}

#[event(history(PaymentReceivedV1, PaymentReceivedV2, PaymentReceivedV3))]
PaymentReceived(PaymentReceived),

impl From<PaymentReceivedV3> for PaymentReceived {
    fn from(old: PaymentReceivedV3) -> Self {
        Self {
            cents: todo!("Cents from old.cents"),
            stated_total_cents: todo!("Option<Cents> from old.stated_total_cents"),
            reference: todo!("Option<u64> from old.reference"),
        }
    }
}"#,
            filled: &[
                // The upcasts of older versions are in another module.
                (
                    "struct PaymentReceivedV3 {",
                    "pub struct PaymentReceivedV3 {",
                ),
                ("cents: i64", "pub cents: i64"),
                ("    reference:", "    pub reference:"),
                ("    stated_total", "    pub stated_total"),
                (r#"todo!("Cents from old.cents")"#, "Cents(old.cents)"),
                (
                    r#"todo!("Option<Cents> from old.stated_total_cents")"#,
                    "old.stated_total_cents.map(Cents)",
                ),
                (
                    r#"todo!("Option<u64> from old.reference")"#,
                    "old.reference.and_then(|text| text.parse().ok())",
                ),
            ],
            more: &[
                (
                    PAST,
                    "use super::PaymentReceived;",
                    "use super::PaymentReceivedV3;",
                ),
                (
                    PAST,
                    "impl From<PaymentReceivedV2> for PaymentReceived {",
                    "impl From<PaymentReceivedV2> for PaymentReceivedV3 {",
                ),
                (PAST, "cents: old.cents,", "cents: old.cents.0,"),
            ],
        },
    },
    Case {
        name: "what_may_be_null_may_not_any_more",
        shipped: &[],
        change: &[(
            EVENTS,
            "    #[serde(default, skip_serializing_if = \"Option::is_none\")]\n    pub article: Option<String>,",
            "    pub article: String,",
        )],
        says: &[
            "FineEvent::Issued, stored as `issued`",
            "field `article` can no longer be null",
        ],
        remedy: Remedy::PutBack(&[(
            EVENTS,
            "    pub article: String,",
            "    pub article: Option<String>,",
        )]),
    },
    Case {
        name: "a_default_is_removed",
        shipped: &[(
            EVENTS,
            "pub amount: Cents,",
            "pub amount: Cents,\n    #[serde(default)]\n    pub offences: u32,",
        )],
        change: &[(
            EVENTS,
            "    #[serde(default)]\n    pub offences",
            "    pub offences",
        )],
        says: &[
            "FineEvent::Issued, stored as `issued`",
            "field `offences` no longer has a default",
        ],
        remedy: Remedy::Attributes(&[("#[serde(default)]", "    pub offences: u32,\n")]),
    },
    Case {
        name: "serde_writes_other_names",
        shipped: &[],
        change: &[(
            EVENTS,
            "pub struct Issued {",
            "#[serde(rename_all = \"camelCase\")]\npub struct Issued {",
        )],
        says: &[
            "FineEvent::Issued, stored as `issued`",
            "field `vehicle_class` was removed and `vehicleClass` was added",
        ],
        remedy: Remedy::Attributes(&[
            (
                r#"#[serde(alias = "vehicle_class")]"#,
                "    pub vehicle_class: Option<String>,\n",
            ),
            (
                r#"#[serde(alias = "stated_total_cents")]"#,
                "    pub stated_total_cents: Option<Cents>,\n",
            ),
        ]),
    },
    Case {
        name: "a_variant_within_is_renamed",
        shipped: &[
            (
                EVENTS,
                "        code: String,\n",
                "        code: String,\n        way: Option<Way>,\n",
            ),
            (
                EVENTS,
                "/// The police issued a fine.\n",
                "/// How it was told.\n#[derive(Describe, Clone, Debug, PartialEq, Serialize, Deserialize)]\n\
                 pub enum Way {\n    Post,\n    Phone,\n}\n\n/// The police issued a fine.\n",
            ),
        ],
        change: &[(EVENTS, "    Post,\n", "    Letter,\n")],
        says: &[
            "variant `way|Post` was removed and `Letter` was added with the same type: renamed?",
        ],
        remedy: Remedy::Attributes(&[(r#"#[serde(alias = "Post")]"#, "    Letter,\n")]),
    },
];
