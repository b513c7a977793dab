//! Changes of types and of whole enums.

use rehydrate::Event;
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, accepted, refused, says};

mod flagged {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum PaymentEvent {
        Flagged {
            reason: String,
        },
        #[event(alias = "stopped")]
        Voided,
    }
}

mod reported {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum PaymentEvent {
        Reported {
            reason: String,
        },
        #[event(alias = "stopped")]
        Voided,
    }
}

mod aliased {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum PaymentEvent {
        #[event(alias = "flagged")]
        Reported { reason: String },
        #[event(alias = "stopped")]
        Voided,
    }
}

#[test]
fn a_renamed_variant_needs_an_alias() {
    let folder = Folder::shipped::<flagged::PaymentEvent>();
    says(
        &refused::<reported::PaymentEvent>(&folder),
        &[
            "PaymentEvent: the stored type `flagged` is gone",
            "`PaymentEvent::Reported` is new and has its shape",
            "#[event(alias = \"flagged\")]",
            "#[event(name = \"flagged\")]",
            "#[event(retired(\"flagged\"))]",
            "#[event(legacy(\"flagged\" = FlaggedV1))]",
            "struct FlaggedV1 { reason: String, }",
            "impl From<FlaggedV1> for Vec<PaymentEvent> {",
        ],
    );
    accepted::<aliased::PaymentEvent>(
        &folder,
        "`flagged` is stored as `reported` now",
        &["[PaymentEvent.reported] alias = [\"flagged\"]"],
    );
    says(
        &refused::<reported::PaymentEvent>(&folder),
        &[
            "PaymentEvent::Reported, stored as `reported`, is no longer read under its older name `flagged`",
            "#[event(alias = \"flagged\")]",
        ],
    );
}

#[test]
fn an_alias_does_not_excuse_another_shape() {
    mod now {
        use super::*;

        #[derive(Event, Serialize, Deserialize)]
        pub(super) enum PaymentEvent {
            #[event(alias = "stopped", alias = "flagged")]
            Voided { cents: u64 },
        }
    }
    let folder = Folder::shipped::<flagged::PaymentEvent>();
    says(
        &refused::<now::PaymentEvent>(&folder),
        &[
            "PaymentEvent::Voided, stored as `flagged`, version 1",
            "field `reason` was removed",
            "field `cents` was added",
        ],
    );
}

mod retired {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event(retired("flagged"))]
    pub(super) enum PaymentEvent {
        #[event(alias = "stopped")]
        Voided,
    }
}

mod neither {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum PaymentEvent {
        #[event(alias = "stopped")]
        Voided,
    }
}

#[test]
fn a_retired_type_stays_retired() {
    let folder = Folder::shipped::<flagged::PaymentEvent>();
    accepted::<retired::PaymentEvent>(
        &folder,
        "`flagged` is retired",
        &[
            "[PaymentEvent.flagged] retired = true",
            "[PaymentEvent.flagged.v1] reason = \"string\"",
        ],
    );
    says(
        &refused::<neither::PaymentEvent>(&folder),
        &[
            "the stored type `flagged` is no longer in `retired(…)`",
            "#[event(retired(\"flagged\"))]",
        ],
    );
    let revived = |folder: &Folder| folder.check::<revived::PaymentEvent>().unwrap_err();
    says(
        &revived(&folder).to_string(),
        &["field `reason` has another type"],
    );
}

mod revived {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum PaymentEvent {
        Flagged {
            reason: u64,
        },
        #[event(alias = "stopped")]
        Voided,
    }
}

mod legacy {
    use super::*;

    #[derive(Deserialize, rehydrate::Describe)]
    pub(super) struct FlaggedV1 {
        #[expect(dead_code, reason = "its shape is what is tested")]
        reason: String,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event(legacy("flagged" = FlaggedV1))]
    pub(super) enum PaymentEvent {
        #[event(alias = "stopped")]
        Voided,
    }

    impl From<FlaggedV1> for Vec<PaymentEvent> {
        fn from(_: FlaggedV1) -> Self {
            vec![PaymentEvent::Voided, PaymentEvent::Voided]
        }
    }
}

#[test]
fn a_legacy_type_stays_legacy() {
    let folder = Folder::shipped::<flagged::PaymentEvent>();
    accepted::<legacy::PaymentEvent>(
        &folder,
        "`flagged` is legacy",
        &[
            "[PaymentEvent.flagged] legacy = true",
            "[PaymentEvent.flagged.v1] reason = \"string\"",
        ],
    );
    says(
        &refused::<neither::PaymentEvent>(&folder),
        &[
            "the stored type `flagged` is no longer in `legacy(…)`",
            "#[event(legacy(\"flagged\" = FlaggedV1))]",
        ],
    );
}

#[test]
fn a_legacy_type_keeps_its_shape() {
    mod now {
        use super::*;

        #[derive(Deserialize, rehydrate::Describe)]
        pub(super) struct FlaggedV1 {
            #[expect(dead_code, reason = "its shape is what is tested")]
            cause: String,
        }

        #[derive(Event, Serialize, Deserialize)]
        #[event(legacy("flagged" = FlaggedV1))]
        pub(super) enum PaymentEvent {
            #[event(alias = "stopped")]
            Voided,
        }

        impl From<FlaggedV1> for Vec<PaymentEvent> {
            fn from(_: FlaggedV1) -> Self {
                Vec::new()
            }
        }
    }
    let folder = Folder::shipped::<flagged::PaymentEvent>();
    says(
        &refused::<now::PaymentEvent>(&folder),
        &[
            "FlaggedV1 (legacy of PaymentEvent), stored as `flagged`, version 1",
            "renamed?",
            "must keep that shape",
            "struct FlaggedV1 { reason: String, }",
        ],
    );
}

#[test]
fn an_enum_cannot_go() {
    mod now {
        use super::*;

        #[derive(Event, Serialize, Deserialize)]
        pub(super) enum LampEvent {
            SwitchedOn,
        }
    }
    let folder = Folder::shipped::<flagged::PaymentEvent>();
    says(
        &refused::<now::LampEvent>(&folder),
        &[
            "PaymentEvent: this event enum is in events.lock, and not in the check.",
            "`flagged`, `voided`",
        ],
    );
}

#[test]
fn a_renamed_enum_is_recognised() {
    mod now {
        use super::*;

        #[derive(Event, Serialize, Deserialize)]
        pub(super) enum ChargeEvent {
            Flagged {
                reason: String,
            },
            #[event(alias = "stopped")]
            Voided,
        }
    }
    let folder = Folder::shipped::<flagged::PaymentEvent>();
    let golden = folder.read("events.golden/PaymentEvent/flagged.v1.json");
    let error = folder.check::<now::ChargeEvent>().unwrap_err();
    says(
        &error.to_string(),
        &["`PaymentEvent` is called `ChargeEvent` now"],
    );
    folder.update::<now::ChargeEvent>().unwrap();
    folder.check::<now::ChargeEvent>().unwrap();
    assert!(!folder.lock().contains("PaymentEvent"));
    assert_eq!(
        folder.read("events.golden/ChargeEvent/flagged.v1.json"),
        golden
    );
    assert_eq!(folder.all().len(), 3);
}
