//! The way out once no store holds something any more: what the message says, done to the letter.

use std::fs;

use rehydrate::{Describe, Event};
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, refused, says};

const START: &str = "Or, if `ops schema census` shows that no store holds it any more:";

/// Deletes what the message says is to be deleted.
#[track_caller]
fn part(folder: &Folder, message: &str) {
    let (_, way) = message.split_once(START).expect("it has the way out");
    let (way, _) = way.split_once("If a version was never").unwrap();
    let (lines, files) = way
        .split_once("and delete its golden events:")
        .unwrap_or((way, ""));
    let block = |text: &str| {
        let lines = text
            .lines()
            .filter_map(|line| match line.strip_prefix("      ") {
                None if line.is_empty() => Some(""),
                line => line,
            });
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    };
    let words = lines.split_whitespace().collect::<Vec<_>>().join(" ");
    let (lock, own) = (folder.lock(), block(lines));
    let less = if words.contains("make the line with `alias`") {
        let line = lock.lines().find(|line| line.starts_with("alias = "));
        lock.replacen(line.unwrap(), &own, 1)
    } else {
        lock.replacen(&format!("{own}\n"), "", 1)
    };
    assert_ne!(less, lock, "{own} is not in\n{lock}");
    folder.write("events.lock", &less);
    for file in block(files).lines() {
        let path = folder.path().join(file);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

/// Was shipped as the first, and is the second once the message is followed.
#[track_caller]
fn parts_with<Shipped: Event, Now: Event>(said: &[&str]) {
    let folder = Folder::shipped::<Shipped>();
    let message = refused::<Now>(&folder);
    says(&message, said);
    part(&folder, &message);
    let checked = folder
        .check::<Now>()
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(checked.news.is_empty());
    let before = folder.lock();
    folder.update::<Now>().unwrap();
    folder.check::<Now>().unwrap();
    assert!(before.len() >= folder.lock().len(), "{before}");
}

#[derive(Deserialize, Describe)]
struct FlaggedV1 {
    #[expect(dead_code, reason = "its shape is what is tested")]
    reason: String,
}

macro_rules! payment {
    ($module:ident: $(#[$attribute:meta])* { $($variants:tt)* }) => {
        mod $module {
            use super::*;

            #[derive(Event, Serialize, Deserialize)]
            $(#[$attribute])*
            pub(super) enum PaymentEvent { $($variants)* }

            impl From<FlaggedV1> for Vec<PaymentEvent> {
                fn from(_: FlaggedV1) -> Self {
                    Vec::new()
                }
            }
        }
    };
}

payment!(aliased: { #[event(alias = "stopped")] Voided });
payment!(aliased_twice: { #[event(alias = "stopped", alias = "cancelled")] Voided });
payment!(retired: #[event(retired("flagged"))] { Voided });
payment!(legacy: #[event(legacy("flagged" = FlaggedV1))] { Voided });
payment!(flagged: { Voided, Flagged { reason: String } });
payment!(plain: { Voided });

#[test]
fn an_alias_can_go() {
    parts_with::<aliased::PaymentEvent, plain::PaymentEvent>(&[
        "delete the line alias = [\"stopped\"]",
    ]);
    parts_with::<aliased_twice::PaymentEvent, aliased::PaymentEvent>(&[
        "make the line with `alias` alias = [\"stopped\"]",
    ]);
}

#[test]
fn an_alias_goes_with_its_golden_events() {
    let folder = Folder::shipped::<aliased::PaymentEvent>();
    let golden = folder.read("events.golden/PaymentEvent/voided.v1.json");
    folder.write(
        "events.golden/PaymentEvent/stopped.v1.json",
        &golden.replace("voided", "stopped"),
    );
    folder.check::<aliased::PaymentEvent>().unwrap();
    let message = refused::<plain::PaymentEvent>(&folder);
    says(
        &message,
        &[
            "1 problem",
            "golden events: events.golden/PaymentEvent/stopped.v1.json",
        ],
    );
    part(&folder, &message);
    folder.check::<plain::PaymentEvent>().unwrap();
}

#[test]
fn a_retired_type_can_go() {
    parts_with::<retired::PaymentEvent, plain::PaymentEvent>(&[
        "[PaymentEvent.flagged] retired = true",
    ]);
    let folder = Folder::shipped::<flagged::PaymentEvent>();
    folder.update::<retired::PaymentEvent>().unwrap();
    let message = refused::<plain::PaymentEvent>(&folder);
    says(
        &message,
        &[
            "[PaymentEvent.flagged] retired = true [PaymentEvent.flagged.v1] reason = \"string\"",
            "events.golden/PaymentEvent/flagged.v1.json",
        ],
    );
    part(&folder, &message);
    folder.check::<plain::PaymentEvent>().unwrap();
}

#[test]
fn a_legacy_type_can_go() {
    parts_with::<legacy::PaymentEvent, plain::PaymentEvent>(&[
        "[PaymentEvent.flagged] legacy = true [PaymentEvent.flagged.v1] reason = \"string\"",
        "and delete its golden events: events.golden/PaymentEvent/flagged.v1.json",
    ]);
}

#[test]
fn a_variant_can_go() {
    parts_with::<flagged::PaymentEvent, plain::PaymentEvent>(&[
        "and delete its golden events: events.golden/PaymentEvent/flagged.v1.json",
    ]);
}

#[test]
fn an_enum_can_go() {
    #[derive(Event, Serialize, Deserialize)]
    enum LampEvent {
        SwitchedOn,
    }
    let folder = Folder::shipped::<flagged::PaymentEvent>();
    let both = folder.of::<flagged::PaymentEvent>().event::<LampEvent>();
    both.update().unwrap();
    let message = refused::<LampEvent>(&folder);
    says(
        &message,
        &["and delete its golden events: events.golden/PaymentEvent"],
    );
    part(&folder, &message);
    folder.check::<LampEvent>().unwrap();
    assert!(!folder.lock().contains("PaymentEvent"), "{}", folder.lock());
}
