//! The files: merged badly, lost, updated twice.

use super::{bare, check, shipped, update};
use rehydrate::Event;
use serde::{Deserialize, Serialize};
use std::fs;

#[test]
fn a_table_that_a_merge_has_lost_is_noticed() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: Option<u64> }, Closed }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: u64 }, Closed }
        }
    }
    let folder = shipped::<was::PaidEvent>();
    let path = folder.path().join("events.lock");
    let lock = fs::read_to_string(&path).unwrap();
    let lost = lock.replace("\n[PaidEvent.paid.v1]\ncents = \"u64?\"\n", "");
    assert_ne!(lost, lock, "the lock is:\n{lock}");
    fs::write(&path, lost).unwrap();
    let refused = update::<now::PaidEvent>(&folder).is_err();
    assert!(
        refused,
        "its golden event is there, and it passes as a new type"
    );
}

#[test]
fn a_lock_that_is_gone_beside_its_golden_events_is_not_called_compatible() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: Option<u64> } }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: u64 } }
        }
    }
    let folder = shipped::<was::PaidEvent>();
    fs::remove_file(folder.path().join("events.lock")).unwrap();
    let message = check::<now::PaidEvent>(&folder).unwrap_err().to_string();
    assert!(
        !message.contains("All of it is compatible"),
        "it says:\n{message}"
    );
}

#[test]
fn a_lock_with_a_byte_order_mark_and_windows_line_endings_is_read() {
    let folder = shipped::<bare::PaidEvent>();
    let path = folder.path().join("events.lock");
    let lock = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("\u{feff}{}", lock.replace('\n', "\r\n"))).unwrap();
    check::<bare::PaidEvent>(&folder).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
#[cfg(unix)]
fn a_lock_that_is_a_link_stays_one() {
    let folder = shipped::<bare::PaidEvent>();
    let (path, real) = (
        folder.path().join("events.lock"),
        folder.path().join("real"),
    );
    fs::rename(&path, &real).unwrap();
    std::os::unix::fs::symlink(&real, &path).unwrap();
    mod more {
        use super::*;
        #[derive(Event, Serialize, Deserialize)]
        pub enum PaidEvent {
            Paid {},
            Closed,
        }
    }
    update::<more::PaidEvent>(&folder).unwrap();
    assert!(path.is_symlink() && fs::read_to_string(real).unwrap().contains("closed"));
}

#[test]
fn two_updates_at_once_lose_nothing() {
    #[derive(Event, Serialize, Deserialize)]
    enum DoorEvent {
        Opened,
    }
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| update::<bare::PaidEvent>(&folder));
            let other = scope.spawn(|| update::<DoorEvent>(&folder));
            (one.join().unwrap(), other.join().unwrap())
        });
        let lock = fs::read_to_string(folder.path().join("events.lock")).unwrap();
        let holds = |name: &str| lock.contains(&format!("[{name}."));
        assert!(
            one.is_err() || holds("PaidEvent"),
            "an update is lost:\n{lock}"
        );
        assert!(
            other.is_err() || holds("DoorEvent"),
            "an update is lost:\n{lock}"
        );
    }
}

#[test]
fn an_update_is_asked_for_with_1_only() {
    const CHILD: &str = "LOCK_TEST_MODE";
    if std::env::var_os(CHILD).is_some() {
        assert_eq!(
            rehydrate::schema::Mode::from_env(),
            rehydrate::schema::Mode::Check
        );
        return;
    }
    for no in ["", "0", "false", "no"] {
        let again = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "found::files::an_update_is_asked_for_with_1_only",
            ])
            .env(CHILD, "1")
            .env("REHYDRATE_UPDATE", no)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&again.stdout);
        assert!(
            said.contains("1 passed"),
            "REHYDRATE_UPDATE={no} writes files"
        );
    }
}

#[test]
fn a_retired_type_that_is_revived_has_its_shape() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: u64 }, Closed }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            #[event(retired("paid"))]
            pub enum PaidEvent { Closed }
        }
    }
    mod revived {
        use super::*;
        #[derive(Event, Serialize, Deserialize)]
        pub enum PaidEvent {
            Paid { cents: String },
            Closed,
        }
    }
    let folder = shipped::<was::PaidEvent>();
    update::<now::PaidEvent>(&folder).unwrap();
    update::<revived::PaidEvent>(&folder).unwrap_err();
}

#[test]
fn a_version_in_the_middle_of_a_history_is_refused() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct PaidV1 { pub euro: String }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { #[event(history(PaidV1))] Paid { cents: u64 } }
            impl From<PaidV1> for PaidEvent {
                fn from(_: PaidV1) -> Self { Self::Paid { cents: 1 } }
            }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct PaidV1 { pub euro: String }
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct PaidV2 { pub dollar: String }
            impl From<PaidV1> for PaidV2 {
                fn from(old: PaidV1) -> Self { Self { dollar: old.euro } }
            }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { #[event(history(PaidV1, PaidV2))] Paid { cents: u64 } }
            impl From<PaidV2> for PaidEvent {
                fn from(_: PaidV2) -> Self { Self::Paid { cents: 1 } }
            }
        }
    }
    let folder = shipped::<was::PaidEvent>();
    update::<now::PaidEvent>(&folder).unwrap_err();
}

#[test]
fn a_table_of_an_older_version_that_a_merge_has_lost_is_noticed() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct PaidV1 { pub euro: Option<String> }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { #[event(history(PaidV1))] Paid { cents: u64 } }
            impl From<PaidV1> for PaidEvent {
                fn from(_: PaidV1) -> Self { Self::Paid { cents: 1 } }
            }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct PaidV1 { pub euro: String }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { #[event(history(PaidV1))] Paid { cents: u64 } }
            impl From<PaidV1> for PaidEvent {
                fn from(_: PaidV1) -> Self { Self::Paid { cents: 1 } }
            }
        }
    }
    let folder = shipped::<was::PaidEvent>();
    let path = folder.path().join("events.lock");
    let lock = fs::read_to_string(&path).unwrap();
    let lost = lock.replace("\n[PaidEvent.paid.v1]\neuro = \"string?\"\n", "");
    assert_ne!(lost, lock, "the lock is:\n{lock}");
    fs::write(&path, lost).unwrap();
    assert!(
        update::<now::PaidEvent>(&folder).is_err(),
        "v1 passes with another shape"
    );
}
