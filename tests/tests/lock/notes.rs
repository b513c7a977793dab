//! serde's attributes that are no shape: they are told as one writes them.

use rehydrate::{Describe, Event};
use serde::{Deserialize, Serialize};

use crate::folder::{Folder, refused, says};

macro_rules! money {
    ($module:ident: $(#[$attribute:meta])* { $($fields:tt)* }) => {
        mod $module {
            use super::*;

            #[derive(Serialize, Deserialize, Describe)]
            #[allow(dead_code, reason = "its shape is what is tested")]
            $(#[$attribute])*
            pub(super) struct Money { $($fields)* }

            #[derive(Event, Serialize, Deserialize)]
            pub(super) enum PaidEvent {
                Paid { money: Money },
            }
        }
    };
}

money!(plain: { cents: u64, by: Option<String> });
money!(not_written: { cents: u64, #[serde(skip_serializing)] by: Option<String> });
money!(not_read: { cents: u64, #[serde(skip_deserializing)] by: Option<String> });
money!(read_as: { cents: u64, #[serde(rename(deserialize = "from, whom"))] by: Option<String> });
money!(tagged: #[serde(tag = "kind, of it")] { cents: u64, by: Option<String> });

#[track_caller]
fn is_told<Plain: Event, Noted: Event>(place: &str, attribute: &str) {
    let folder = Folder::shipped::<Plain>();
    let message = refused::<Noted>(&folder);
    says(
        &message,
        &[
            &format!("{place} has got `#[serde({attribute})]`"),
            &format!("{place}: take away `#[serde({attribute})]`"),
        ],
    );
    let folder = Folder::shipped::<Noted>();
    let message = refused::<Plain>(&folder);
    says(
        &message,
        &[
            &format!("{place} has lost `#[serde({attribute})]`"),
            &format!("{place}: put back `#[serde({attribute})]`"),
        ],
    );
}

#[test]
fn a_field_that_is_not_written_is_told_so() {
    is_told::<plain::PaidEvent, not_written::PaidEvent>("field `money.by`", "skip_serializing");
}

#[test]
fn a_field_that_is_not_read_is_told_so() {
    is_told::<plain::PaidEvent, not_read::PaidEvent>("field `money.by`", "skip_deserializing");
}

#[test]
fn a_field_that_is_read_under_another_name_only_is_told_so() {
    let attribute = "rename(deserialize = \"from, whom\")";
    is_told::<plain::PaidEvent, read_as::PaidEvent>("field `money.by`", attribute);
}

#[test]
fn a_tag_of_a_struct_is_told_with_its_name() {
    let attribute = "tag = \"kind, of it\", rename = \"Money\"";
    is_told::<plain::PaidEvent, tagged::PaidEvent>("field `money`", attribute);
}

#[test]
fn a_golden_event_has_nothing_that_is_not_written_or_not_read() {
    for folder in [
        Folder::shipped::<not_written::PaidEvent>(),
        Folder::shipped::<not_read::PaidEvent>(),
    ] {
        let golden = folder.read("events.golden/PaidEvent/paid.v1.json");
        says(&golden, &[r#""payload": {"money":{"cents":1}}"#]);
    }
}
