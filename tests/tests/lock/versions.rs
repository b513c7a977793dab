//! Changes of versions.

use rehydrate::Event;
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, accepted, refused, says};

#[derive(Serialize, Deserialize, rehydrate::Describe)]
struct CapturedV1 {
    euro: String,
}

#[derive(Serialize, Deserialize, rehydrate::Describe)]
struct CapturedV2 {
    cents: i64,
}

#[derive(Serialize, Deserialize, rehydrate::Describe)]
struct Captured {
    cents: i64,
    reference: Option<String>,
}

impl From<CapturedV1> for CapturedV2 {
    fn from(old: CapturedV1) -> Self {
        let cents = i64::try_from(old.euro.len()).unwrap();
        Self { cents }
    }
}

impl From<CapturedV2> for Captured {
    fn from(old: CapturedV2) -> Self {
        Self {
            cents: old.cents,
            reference: None,
        }
    }
}

impl From<CapturedV1> for Captured {
    fn from(old: CapturedV1) -> Self {
        CapturedV2::from(old).into()
    }
}

mod three {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum PaymentEvent {
        #[event(history(CapturedV1, CapturedV2))]
        Captured(Captured),
    }
}

#[test]
fn a_version_in_the_middle_of_the_history_must_stay() {
    mod now {
        use super::*;

        #[derive(Event, Serialize, Deserialize)]
        pub(super) enum PaymentEvent {
            #[event(history(CapturedV1))]
            Captured(Captured),
        }
    }
    let folder = Folder::shipped::<three::PaymentEvent>();
    says(
        &refused::<now::PaymentEvent>(&folder),
        &[
            "PaymentEvent::Captured, stored as `captured`: its history was shortened. Shipped up \
             to version 3, and the code has 2.",
            "struct CapturedV2 { cents: i64, }",
            "#[event(history(CapturedV1, CapturedV2))] Captured",
        ],
    );
}

#[test]
fn a_shipped_version_is_given_up_only_by_hand() {
    mod now {
        use super::*;

        #[derive(Event, Serialize, Deserialize)]
        pub(super) enum PaymentEvent {
            #[event(history(_, CapturedV2))]
            Captured(Captured),
        }
    }
    let folder = Folder::shipped::<three::PaymentEvent>();
    let message = refused::<now::PaymentEvent>(&folder);
    says(
        &message,
        &[
            "version 1: it was shipped, and is `_` in the history now.",
            "struct CapturedV1 { euro: String, }",
            "`ops schema census`",
            "[PaymentEvent.captured] v1 = \"unsupported\"",
        ],
    );
    let table = "[PaymentEvent.captured.v1]\neuro = \"string\"\n";
    let by_hand = "[PaymentEvent.captured]\nv1 = \"unsupported\"\n";
    assert!(folder.lock().contains(table), "{}", folder.lock());
    folder.write("events.lock", &folder.lock().replace(table, by_hand));
    says(
        &refused::<now::PaymentEvent>(&folder),
        &[
            "golden event events.golden/PaymentEvent/captured.v1.json",
            "does not support version 1",
            "delete the file",
        ],
    );
    std::fs::remove_file(
        folder
            .path()
            .join("events.golden/PaymentEvent/captured.v1.json"),
    )
    .unwrap();
    folder.check::<now::PaymentEvent>().unwrap();
    accepted::<three::PaymentEvent>(
        &folder,
        "version 1 of `captured` is read again",
        &["[PaymentEvent.captured.v1] euro = \"string\""],
    );
}

#[test]
fn an_older_shape_must_stay_as_it_was() {
    mod now {
        use super::*;

        #[derive(Serialize, Deserialize, rehydrate::Describe)]
        pub(super) struct CapturedV1 {
            euro: u64,
        }
        impl From<CapturedV1> for super::CapturedV2 {
            fn from(old: CapturedV1) -> Self {
                let cents = i64::try_from(old.euro).unwrap();
                Self { cents }
            }
        }
        #[derive(Event, Serialize, Deserialize)]
        pub(super) enum PaymentEvent {
            #[event(history(CapturedV1, CapturedV2))]
            Captured(Captured),
        }
    }
    let folder = Folder::shipped::<three::PaymentEvent>();
    says(
        &refused::<now::PaymentEvent>(&folder),
        &[
            "version 1 (an older shape), was changed:",
            "`CapturedV1` reads what was stored as version 1, and must keep that shape",
            "struct CapturedV1 { euro: String, }",
        ],
    );
}
