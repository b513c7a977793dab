//! What somebody may take away from the payment service's events, and the way out.

use super::cases::Case;
use super::paste::{EVENTS, PAST, Remedy};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a_variant_is_renamed",
        shipped: &[],
        change: &[(EVENTS, "    Dismissed {", "    GivenUp {")],
        says: &[
            "the stored type `dismissed` is gone",
            "`FineEvent::GivenUp` is new and has its shape",
        ],
        remedy: Remedy::Block {
            block: "#[event(alias = \"dismissed\")] // both are read, the new name is written\n\
                    GivenUp",
            filled: &[],
            more: &[],
        },
    },
    Case {
        name: "a_variant_is_renamed_and_keeps_its_stored_name",
        shipped: &[],
        change: &[(EVENTS, "    Dismissed {", "    GivenUp {")],
        says: &[],
        remedy: Remedy::Block {
            block: "#[event(name = \"dismissed\")] // it is stored as before\nGivenUp",
            filled: &[],
            more: &[],
        },
    },
    Case {
        name: "a_variant_is_removed",
        shipped: &[],
        change: &[(EVENTS, "    AppealFiled,\n", "")],
        says: &["the stored type `appeal_filed` is gone"],
        remedy: Remedy::Block {
            block: "#[event(retired(\"appeal_filed\"))]\nenum FineEvent { … }",
            filled: &[],
            more: &[],
        },
    },
    Case {
        name: "a_variant_is_something_else_today",
        shipped: &[],
        change: &[(
            EVENTS,
            "    /// The office gave it up.\n    Dismissed {\n        /// Why.\n        code: String,\n    },\n",
            "",
        )],
        says: &["the stored type `dismissed` is gone"],
        remedy: Remedy::Block {
            block: DISMISSED,
            filled: &[(
                r#"todo!("the events that it is today")"#,
                "vec![FineEvent::AppealSentToPrefecture { dismissal: Some(old.code) }]",
            )],
            more: &[],
        },
    },
    Case {
        name: "a_legacy_type_is_removed",
        shipped: &[
            (
                EVENTS,
                "    /// The office gave it up.\n    Dismissed {\n        /// Why.\n        code: String,\n    },\n",
                "",
            ),
            (
                EVENTS,
                "pub enum FineEvent {",
                "#[event(legacy(\"dismissed\" = OldDismissal))]\npub enum FineEvent {",
            ),
            (
                EVENTS,
                "/// The police issued a fine.\n",
                "#[derive(Describe, Deserialize)]\npub struct OldDismissal {\n    pub code: String,\n}\n\n\
                 impl From<OldDismissal> for Vec<FineEvent> {\n    fn from(_: OldDismissal) -> Self {\n        \
                 Vec::new()\n    }\n}\n\n/// The police issued a fine.\n",
            ),
        ],
        change: &[(
            EVENTS,
            "#[event(legacy(\"dismissed\" = OldDismissal))]\n",
            "",
        )],
        says: &["the stored type `dismissed` is no longer in `legacy(…)`"],
        remedy: Remedy::Block {
            block: DISMISSED,
            filled: &[(
                r#"todo!("the events that it is today")"#,
                "vec![FineEvent::AppealSentToPrefecture { dismissal: Some(old.code) }]",
            )],
            more: &[],
        },
    },
    Case {
        name: "a_retired_type_is_removed",
        shipped: &[
            (EVENTS, "    AppealFiled,\n", ""),
            (
                EVENTS,
                "pub enum FineEvent {",
                "#[event(retired(\"appeal_filed\"))]\npub enum FineEvent {",
            ),
        ],
        change: &[(EVENTS, "#[event(retired(\"appeal_filed\"))]\n", "")],
        says: &["the stored type `appeal_filed` is no longer in `retired(…)`"],
        remedy: Remedy::Attributes(&[(
            "#[event(retired(\"appeal_filed\"))]",
            "pub enum FineEvent {\n",
        )]),
    },
    Case {
        name: "an_alias_is_removed",
        shipped: &[(
            EVENTS,
            "    Dismissed {",
            "    #[event(alias = \"dismissed\")]\n    GivenUp {",
        )],
        change: &[(EVENTS, "    #[event(alias = \"dismissed\")]\n", "")],
        says: &[
            "FineEvent::GivenUp, stored as `given_up`, is no longer read under its older name \
             `dismissed`",
        ],
        remedy: Remedy::Attributes(&[("#[event(alias = \"dismissed\")]", "    GivenUp {\n")]),
    },
    Case {
        name: "a_version_is_removed",
        shipped: &[],
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
        says: &["its history was shortened"],
        remedy: Remedy::Block {
            block: "#[derive(rehydrate::Describe, serde::Deserialize)]\nstruct PaymentReceivedV1 {\n    \
                    euro: String,\n}\n\n#[event(history(PaymentReceivedV1, PaymentReceivedV2))]\n\
                    PaymentReceived",
            filled: &[(
                "PaymentReceivedV1 {\n    euro: String,\n}\n",
                "PaymentReceivedV1 {\n    euro: String,\n}\n\n\
                 impl TryFrom<PaymentReceivedV1> for PaymentReceivedV2 {\n    \
                 type Error = super::super::money::NotAnAmount;\n\n    \
                 fn try_from(old: PaymentReceivedV1) -> Result<Self, Self::Error> {\n        \
                 let cents = old.euro.parse()?;\n        Ok(Self { cents })\n    }\n}\n",
            )],
            more: &[],
        },
    },
    Case {
        name: "a_version_is_not_read_any_more",
        shipped: &[],
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
            "struct PaymentReceivedV1 { euro: String, }",
            "v1 = \"unsupported\"",
        ],
        remedy: Remedy::PutBack(&[(
            EVENTS,
            "history(_, PaymentReceivedV2)",
            "history(super::past::PaymentReceivedV1, PaymentReceivedV2)",
        )]),
    },
    Case {
        name: "a_payload_of_the_past_is_changed",
        shipped: &[],
        change: &[(
            PAST,
            "    pub euro: String,",
            "    pub euro: String,\n    pub currency: String,",
        )],
        says: &[
            "version 1 (an older shape), was changed",
            "field `currency` was added (string) and has no default",
        ],
        remedy: Remedy::PutBack(&[(PAST, "\n    pub currency: String,", "")]),
    },
    Case {
        name: "a_payload_of_the_past_is_described_no_more",
        shipped: &[],
        change: &[(
            PAST,
            "#[derive(Describe, Clone, Debug, Deserialize)]\npub struct PaymentReceivedV1",
            "#[derive(Clone, Debug, Deserialize)]\npub struct PaymentReceivedV1",
        )],
        says: &["the payload is no longer described"],
        remedy: Remedy::Attributes(&[(
            "#[derive(rehydrate::Describe)]",
            "#[derive(Clone, Debug, Deserialize)]\npub struct PaymentReceivedV1",
        )]),
    },
];

const DISMISSED: &str = r#"#[derive(rehydrate::Describe, serde::Deserialize)]
struct DismissedV1 {
    code: String,
}

#[event(legacy("dismissed" = DismissedV1))]
enum FineEvent { … }

impl From<DismissedV1> for Vec<FineEvent> {
    fn from(old: DismissedV1) -> Self {
        todo!("the events that it is today")
    }
}"#;
