//! The lock as a file.

use rehydrate::Event;
use rehydrate::schema::{Check, CheckError, Mode};
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, says};

#[derive(Event, Serialize, Deserialize)]
enum LampEvent {
    SwitchedOn { by: String, watts: u32 },
    SwitchedOff,
}

mod reordered {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    pub(super) enum LampEvent {
        SwitchedOff,
        SwitchedOn { watts: u32, by: String },
    }
}

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Opened,
}

const LAMP: &str = r#"
[LampEvent.switched_off.v1]

[LampEvent.switched_on.v1]
by = "string"
watts = "u32"
"#;

#[test]
fn a_missing_lock_says_how_to_write_it() {
    let folder = Folder::new();
    let error = folder.check::<LampEvent>().unwrap_err();
    says(
        &error.to_string(),
        &[
            "there is no events.lock yet",
            "REHYDRATE_UPDATE=1 cargo test",
            "commit the files",
            "events.golden/LampEvent/switched_on.v1.json",
        ],
    );
    assert!(folder.all().is_empty(), "a check wrote something");
}

#[test]
fn a_lock_is_stable() {
    let folder = Folder::new();
    let written = folder.update::<LampEvent>().unwrap().written;
    assert_eq!(written.len(), 3);
    let before = folder.all();
    assert_eq!(before.len(), 3, "a temporary file was left");
    assert!(
        folder.lock().ends_with(&format!("format = 1\n{LAMP}")),
        "{}",
        folder.lock()
    );
    assert!(folder.update::<LampEvent>().unwrap().written.is_empty());
    assert!(
        folder
            .update::<reordered::LampEvent>()
            .unwrap()
            .written
            .is_empty()
    );
    assert_eq!(folder.all(), before);
}

#[test]
fn several_enums_share_a_lock() {
    let folder = Folder::shipped::<LampEvent>();
    let both = |first: Check| first.event::<DoorEvent>();
    let error = both(folder.of::<LampEvent>()).check().unwrap_err();
    says(
        &error.to_string(),
        &["`DoorEvent` is new, with 1 event type"],
    );
    both(folder.of::<LampEvent>()).update().unwrap();
    let checked = both(folder.of::<LampEvent>()).run(Mode::Check).unwrap();
    assert_eq!((checked.types, checked.versions, checked.golden), (3, 3, 3));
    let other_order = Check::in_folder(folder.path())
        .event::<DoorEvent>()
        .event::<LampEvent>();
    assert!(other_order.update().unwrap().written.is_empty());
}

#[test]
fn two_enums_of_one_name_are_refused() {
    let check = Folder::new()
        .of::<LampEvent>()
        .event::<reordered::LampEvent>();
    let error = check.check().unwrap_err();
    says(
        &error.to_string(),
        &["`LampEvent` is the name of two event enums"],
    );
}

#[test]
fn a_field_that_is_missing_in_the_lock_is_not_passed_over() {
    let folder = Folder::shipped::<LampEvent>();
    let shorter = folder.lock().replace("watts = \"u32\"\n", "");
    folder.write("events.lock", &shorter);
    let error = folder.check::<LampEvent>().unwrap_err();
    says(&error.to_string(), &["field `watts` was added"]);
}

#[test]
fn a_merge_conflict_is_named_with_its_line() {
    let folder = Folder::shipped::<LampEvent>();
    let lock = folder.lock();
    let line = lock
        .lines()
        .position(|line| line.starts_with("by"))
        .unwrap()
        + 1;
    let conflict = lock.replace("by = ", "<<<<<<< ours\nby = ");
    folder.write("events.lock", &conflict);
    let error = folder.update::<LampEvent>().unwrap_err();
    says(
        &error.to_string(),
        &[
            &format!("events.lock, line {line}: it has a merge conflict: take either side"),
            "REHYDRATE_UPDATE=1 cargo test",
        ],
    );
    assert_eq!(folder.lock(), conflict);
}

#[test]
fn a_lock_that_is_no_lock_is_refused() {
    for (lock, says_so) in [
        ("format = 1\n[LampEvent\n", "line 2"),
        (
            "format = 1\n[LampEvent.x.v1]\na = \"u8\"\na = \"u8\"\n",
            "line 4",
        ),
        ("[LampEvent.x.v1]\n", "no `format = 1`"),
        (
            "format = 2\n",
            "it has format 2, and this program knows 1: update rehydrate",
        ),
        (
            "format = 1\nLampEvent = 1\n",
            "in [LampEvent], a table is expected",
        ),
        (
            "format = 1\n[LampEvent.x]\nretird = true\n",
            "in [LampEvent.x], `retird` is neither",
        ),
        (
            "format = 1\n[LampEvent.x]\nv01 = \"unsupported\"\n",
            "`v01` is neither",
        ),
        (
            "format = 1\n[LampEvent.x]\nv1 = \"gone\"\n",
            "in [LampEvent.x.v1]",
        ),
        (
            "format = 1\n[LampEvent.x.v1]\n\"a.b\" = \"u8\"\n",
            "`a.b` stands in nothing",
        ),
        (
            "format = 1\n[LampEvent.x.v1]\n\"a[\" = \"u8\"\n",
            "`a[` is not a path",
        ),
        (
            "format = 1\n[LampEvent.x.v1]\na = { kind = \"u8\" }\n",
            "`a` must be a text",
        ),
        (
            "format = 1\n[LampEvent.x.v1]\na = { type = \"u8\", x = 1 }\n",
            "`x` is not known",
        ),
    ] {
        let folder = Folder::new();
        folder.write("events.lock", lock);
        let error = folder.update::<LampEvent>().unwrap_err();
        assert!(matches!(error, CheckError::Lock { .. }), "{lock}: {error}");
        says(&error.to_string(), &[says_so, "events.lock"]);
        assert_eq!(folder.lock(), lock);
    }
}

/// The files of this very crate, which are committed.
#[test]
fn the_macro_compares_with_the_folder_of_the_crate() {
    rehydrate::schema::check!(LampEvent, DoorEvent);
}

#[test]
fn a_failed_assertion_panics_with_the_whole_message() {
    let folder = Folder::shipped::<LampEvent>();
    let check = folder.of::<DoorEvent>();
    let panic = std::panic::catch_unwind(|| check.assert()).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert_eq!(*message, check.check().unwrap_err().to_string());
    assert!(message.contains("\n"), "{message}");
}
