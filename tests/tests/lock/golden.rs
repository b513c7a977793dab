//! Golden events.

use rehydrate::{Describe, Event};
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, refused, says};

#[derive(Event, Serialize, Deserialize)]
enum LampEvent {
    SwitchedOn { by: String, watts: u32 },
}

const FIRST: &str = "events.golden/LampEvent/switched_on.v1.json";

#[test]
fn a_golden_event_is_written_once() {
    let folder = Folder::shipped::<LampEvent>();
    let text = "{\n  \"type\": \"switched_on\",\n  \"schema_version\": 1,\n  \
                \"payload\": {\"by\":\"text\",\"watts\":1}\n}\n";
    assert_eq!(folder.read(FIRST), text);
    let own = text.replace("\"text\"", "\"me\"").replace('1', "1 ");
    folder.write(FIRST, &own);
    folder.update::<LampEvent>().unwrap();
    assert_eq!(folder.read(FIRST), own, "it was rewritten");
}

#[test]
fn a_missing_golden_event_is_missed() {
    let folder = Folder::shipped::<LampEvent>();
    std::fs::remove_file(folder.path().join(FIRST)).unwrap();
    let error = folder.check::<LampEvent>().unwrap_err();
    says(
        &error.to_string(),
        &[
            "there is no golden event",
            FIRST,
            "REHYDRATE_UPDATE=1 cargo test",
        ],
    );
    folder.update::<LampEvent>().unwrap();
    folder.check::<LampEvent>().unwrap();
}

#[test]
fn a_stored_event_can_be_put_beside() {
    let folder = Folder::shipped::<LampEvent>();
    // As `ops stream --raw --json` prints it.
    folder.write(
        "events.golden/LampEvent/switched_on.v1.desk-2024.json",
        r#"{"stream":"lamp/desk/2","version":7,"position":12,
            "recorded_at":"2024-05-01T12:00:00Z","type":"switched_on","schema_version":1,
            "event_id":"0190a1b2-0000-7000-8000-000000000001",
            "payload":{"by": "me",   "watts":60},"metadata":{"actor":"me"}}"#,
    );
    folder.write("events.golden/README.md", "Stored events.");
    folder.write("events.golden/LampEvent/notes.txt", "Real ones.");
    assert_eq!(folder.check::<LampEvent>().unwrap().golden, 2);
}

#[test]
fn nothing_in_the_folder_is_ignored() {
    let event = |event_type: &str, version: u32| {
        format!(
            r#"{{"type":"{event_type}","schema_version":{version},"payload":{{"by":"","watts":1}}}}"#
        )
    };
    for (file, text, says_so) in [
        (
            "LampEvent/switched_on.v1.bad.json",
            event("switched_on", 2),
            "its name does not fit its content",
        ),
        (
            "LampEvent/other.v1.json",
            event("other", 1),
            "LampEvent has no event type `other`",
        ),
        (
            "LampEvent/switched_on.v9.json",
            event("switched_on", 9),
            "knows `switched_on` up to version 1",
        ),
        (
            "LampEvent/switched_on.v1.x.json",
            "{}".to_owned(),
            "missing field `type`",
        ),
        (
            "LampEvent/switched_on.v1.y.json",
            event("switched_on", 1).replace("payload", "pay"),
            "unknown field `pay`",
        ),
        (
            "LampEvent/switched_on.v1.z.json",
            event("switched_on", 1).replace("watts", "volts"),
            "missing field `watts`",
        ),
        (
            "DoorEvent/opened.v1.json",
            event("opened", 1),
            "no event enum has this name",
        ),
        (
            "switched_on.v1.json",
            event("switched_on", 1),
            "it is in no folder of an event enum",
        ),
        (
            "LampEvent/old/switched_on.v1.json",
            event("switched_on", 1),
            "nothing in it is read",
        ),
    ] {
        let folder = Folder::shipped::<LampEvent>();
        folder.write(&format!("events.golden/{file}"), &text);
        let name = file.rsplit_once('/').map_or(file, |(folder, name)| {
            if says_so.contains("folder of an enum") || says_so.starts_with("no") {
                folder
            } else {
                name
            }
        });
        says(&refused::<LampEvent>(&folder), &[name, says_so]);
    }
}

mod cents {
    use serde::{Deserialize, Serialize};

    pub(super) fn serialize<S: serde::Serializer>(cents: &u64, s: S) -> Result<S::Ok, S::Error> {
        cents.serialize(s)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
        u64::deserialize(d)
    }

    /// The same module after a careless change: it reads both forms and writes the other one.
    pub(super) mod text {
        pub(in super::super) fn serialize<S: serde::Serializer>(
            cents: &u64,
            s: S,
        ) -> Result<S::Ok, S::Error> {
            s.collect_str(cents)
        }

        pub(in super::super) fn deserialize<'de, D: serde::Deserializer<'de>>(
            d: D,
        ) -> Result<u64, D::Error> {
            super::deserialize(d)
        }
    }
}

mod plain {
    use super::cents;

    #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
    pub(super) enum PaymentEvent {
        Captured {
            #[serde(with = "cents")]
            cents: u64,
        },
    }
}

mod careless {
    use super::cents::text as cents;

    #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
    pub(super) enum PaymentEvent {
        Captured {
            #[serde(with = "cents")]
            cents: u64,
        },
    }
}

#[test]
fn a_change_in_code_that_writes_json_is_found() {
    let folder = Folder::shipped::<plain::PaymentEvent>();
    let lock = folder.lock();
    says(
        &refused::<careless::PaymentEvent>(&folder),
        &[
            "the golden event events.golden/PaymentEvent/captured.v1.json is not what it was",
            "it is read, and then written differently: `cents` was stored as 1 and is written as \"1\"",
            "a `with` module",
        ],
    );
    assert_eq!(folder.lock(), lock);
}

#[derive(Serialize, Deserialize, Describe)]
struct ShownV1 {
    number: u64,
}

mod careful {
    use super::ShownV1;

    #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
    pub(super) enum PageEvent {
        #[event(history(ShownV1))]
        Shown { page: u64 },
    }

    impl From<ShownV1> for PageEvent {
        fn from(old: ShownV1) -> Self {
            Self::Shown { page: old.number }
        }
    }
}

mod panicking {
    use super::ShownV1;

    #[derive(rehydrate::Event, serde::Serialize, serde::Deserialize)]
    pub(super) enum PageEvent {
        #[event(history(ShownV1))]
        Shown { page: u64 },
    }

    impl From<ShownV1> for PageEvent {
        fn from(old: ShownV1) -> Self {
            Self::Shown {
                page: old.number.checked_sub(2).expect("never the first page"),
            }
        }
    }
}

#[test]
fn an_upcast_that_panics_is_reported() {
    let folder = Folder::shipped::<careful::PageEvent>();
    says(
        &refused::<panicking::PageEvent>(&folder),
        &[
            "events.golden/PageEvent/shown.v1.json",
            "panicked: never the first page",
            "`From`, `TryFrom` or `Upcast`",
        ],
    );
}
