//! What somebody may do to the events of the payment service, and the way out.

use super::copies::Change;

/// A change that would lose history.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) change: &'static [Change],
    /// What the check says, among other things.
    pub(crate) says: &'static [&'static str],
    /// What it says is to be done, done on top of the change.
    pub(crate) remedy: &'static [Change],
}

const EVENTS: &str = "fine/events.rs";
const PAST: &str = "fine/past.rs";

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a_field_is_added",
        change: &[(
            EVENTS,
            "        expense: Cents,\n",
            "        expense: Cents,\n        carrier: String,\n",
        )],
        says: &[
            "FineEvent::Sent, stored as `sent`, version 1 (today's shape), was changed",
            "field `carrier` was added (string) and has no default",
            "#[event(history(SentV1))]",
            "impl From<SentV1> for FineEvent",
            "make it an\n      `Option<String>`",
        ],
        remedy: &[
            (
                EVENTS,
                "    Sent {",
                "    #[event(history(SentV1))]\n    Sent {",
            ),
            (
                EVENTS,
                "/// Somebody paid. The",
                r#"#[derive(rehydrate::Describe, serde::Deserialize)]
pub struct SentV1 {
    expense: i64,
}

impl From<SentV1> for FineEvent {
    fn from(old: SentV1) -> Self {
        Self::Sent {
            expense: Cents(old.expense),
            carrier: "the post".to_owned(),
        }
    }
}

/// Somebody paid. The"#,
            ),
        ],
    },
    Case {
        name: "a_field_is_removed",
        change: &[(EVENTS, "        notification_type: Option<String>,\n", "")],
        says: &[
            "FineEvent::Notified, stored as `notified`",
            "field `notification_type` was removed; it was shipped as string?",
        ],
        remedy: &[(
            EVENTS,
            "Notified {\n",
            "Notified {\n        notification_type: Option<String>,\n",
        )],
    },
    Case {
        name: "a_field_is_renamed",
        change: &[(
            EVENTS,
            "        code: String,\n",
            "        reason: String,\n",
        )],
        says: &[
            "FineEvent::Dismissed, stored as `dismissed`",
            "field `code` was removed and `reason` was added with the same type: renamed?",
            "#[serde(alias = \"code\")]",
        ],
        remedy: &[(
            EVENTS,
            "        reason: String,\n",
            "        #[serde(alias = \"code\")]\n        reason: String,\n",
        )],
    },
    Case {
        name: "a_field_is_retyped",
        change: &[(
            EVENTS,
            "        amount: Cents,\n",
            "        amount: String,\n",
        )],
        says: &[
            "FineEvent::PenaltyAdded, stored as `penalty_added`",
            "it was shipped as i64 and is now string",
            "struct PenaltyAddedV1 {\n          amount: i64,\n      }",
            "impl From<PenaltyAddedV1> for FineEvent",
        ],
        remedy: &[
            (
                EVENTS,
                "    PenaltyAdded {",
                "    #[event(history(PenaltyAddedV1))]\n    PenaltyAdded {",
            ),
            (
                EVENTS,
                "/// Somebody paid. The",
                r"#[derive(rehydrate::Describe, serde::Deserialize)]
pub struct PenaltyAddedV1 {
    amount: i64,
}

impl From<PenaltyAddedV1> for FineEvent {
    fn from(old: PenaltyAddedV1) -> Self {
        Self::PenaltyAdded {
            amount: old.amount.to_string(),
        }
    }
}

/// Somebody paid. The",
            ),
        ],
    },
    Case {
        name: "a_nested_type_is_changed",
        change: &[(
            EVENTS,
            "pub reference: Option<String>,",
            "pub reference: Option<u64>,",
        )],
        says: &[
            "FineEvent::PaymentReceived, stored as `payment_received`, version 3",
            "field `reference` has another type: it was shipped as string? and is now u64?",
            "#[event(history(PaymentReceivedV1, PaymentReceivedV2, PaymentReceivedV3))]",
            "`impl From<PaymentReceivedV2> for PaymentReceivedV3`",
        ],
        remedy: &[
            (
                EVENTS,
                "history(PaymentReceivedV1, PaymentReceivedV2)",
                "history(PaymentReceivedV1, PaymentReceivedV2, PaymentReceivedV3)",
            ),
            (
                EVENTS,
                "/// Somebody paid. The",
                r"#[derive(rehydrate::Describe, serde::Deserialize)]
pub struct PaymentReceivedV3 {
    pub cents: Cents,
    #[serde(default)]
    pub reference: Option<String>,
    #[serde(default)]
    pub stated_total_cents: Option<Cents>,
}

impl From<PaymentReceivedV3> for PaymentReceived {
    fn from(old: PaymentReceivedV3) -> Self {
        Self {
            cents: old.cents,
            stated_total_cents: old.stated_total_cents,
            reference: old.reference.and_then(|text| text.parse().ok()),
        }
    }
}

/// Somebody paid. The",
            ),
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
        ],
    },
    Case {
        name: "a_default_is_removed",
        change: &[(
            EVENTS,
            "    #[serde(default, skip_serializing_if = \"Option::is_none\")]\n    pub article: Option<String>,",
            "    pub article: String,",
        )],
        says: &[
            "FineEvent::Issued, stored as `issued`",
            "field `article` can no longer be null",
        ],
        remedy: &[(
            EVENTS,
            "    pub article: String,",
            "    pub article: Option<String>,",
        )],
    },
    Case {
        name: "serde_writes_other_names",
        change: &[(
            EVENTS,
            "pub struct Issued {",
            "#[serde(rename_all = \"camelCase\")]\npub struct Issued {",
        )],
        says: &[
            "FineEvent::Issued, stored as `issued`",
            "field `vehicle_class` was removed and `vehicleClass` was added",
        ],
        remedy: &[(EVENTS, "#[serde(rename_all = \"camelCase\")]\n", "")],
    },
    Case {
        name: "a_variant_is_renamed",
        change: &[(EVENTS, "    Dismissed {", "    GivenUp {")],
        says: &[
            "the stored type `dismissed` is gone",
            "`FineEvent::GivenUp` is new and has its shape",
            "#[event(alias = \"dismissed\")]",
        ],
        remedy: &[(
            EVENTS,
            "    GivenUp {",
            "    #[event(alias = \"dismissed\")]\n    GivenUp {",
        )],
    },
    Case {
        name: "a_variant_is_removed",
        change: &[(EVENTS, "    AppealFiled,\n", "")],
        says: &[
            "the stored type `appeal_filed` is gone",
            "#[event(retired(\"appeal_filed\"))]",
            "#[event(legacy(\"appeal_filed\" = AppealFiledV1))]",
        ],
        remedy: &[(
            EVENTS,
            "pub enum FineEvent {",
            "#[event(retired(\"appeal_filed\"))]\npub enum FineEvent {",
        )],
    },
    Case {
        name: "a_version_is_removed",
        change: &[
            (
                EVENTS,
                "history(PaymentReceivedV1, PaymentReceivedV2)",
                "history(PaymentReceivedV2)",
            ),
            (
                EVENTS,
                "use super::past::{PaymentReceivedV1, PaymentReceivedV2};",
                "use super::past::PaymentReceivedV2;",
            ),
        ],
        says: &[
            "its history was shortened",
            "#[event(history(PaymentReceivedV1, PaymentReceivedV2))]",
        ],
        remedy: &[(
            EVENTS,
            "history(PaymentReceivedV2)",
            "history(super::past::PaymentReceivedV1, PaymentReceivedV2)",
        )],
    },
    Case {
        name: "a_version_is_not_read_any_more",
        change: &[
            (
                EVENTS,
                "history(PaymentReceivedV1, PaymentReceivedV2)",
                "history(_, PaymentReceivedV2)",
            ),
            (
                EVENTS,
                "use super::past::{PaymentReceivedV1, PaymentReceivedV2};",
                "use super::past::PaymentReceivedV2;",
            ),
        ],
        says: &[
            "it was shipped, and is `_`",
            "struct PaymentReceivedV1 {\n          euro: String,\n      }",
            "v1 = \"unsupported\"",
        ],
        remedy: &[(
            EVENTS,
            "history(_, PaymentReceivedV2)",
            "history(super::past::PaymentReceivedV1, PaymentReceivedV2)",
        )],
    },
    Case {
        name: "a_payload_of_the_past_is_changed",
        change: &[(
            PAST,
            "    pub euro: String,",
            "    pub euro: String,\n    pub currency: String,",
        )],
        says: &[
            "version 1 (an older shape), was\nchanged",
            "field `currency` was added (string) and has no default",
        ],
        remedy: &[(PAST, "\n    pub currency: String,", "")],
    },
    Case {
        name: "a_payload_of_the_past_is_described_no_more",
        change: &[(
            PAST,
            "#[derive(Describe, Clone, Debug, Deserialize)]\npub struct PaymentReceivedV1",
            "#[derive(Clone, Debug, Deserialize)]\npub struct PaymentReceivedV1",
        )],
        says: &[
            "the payload is no longer described",
            "#[derive(rehydrate::Describe)]",
        ],
        remedy: &[(
            PAST,
            "#[derive(Clone, Debug, Deserialize)]\npub struct PaymentReceivedV1",
            "#[derive(rehydrate::Describe, Clone, Debug, Deserialize)]\npub struct PaymentReceivedV1",
        )],
    },
];
