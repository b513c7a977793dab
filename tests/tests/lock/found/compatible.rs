//! What is compatible, and must not be refused.

use super::{accepts, check, shipped};
use rehydrate::Event;
use rehydrate::schema::{Check, Describe, TypeSchema};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fs;

#[test]
fn a_flattened_map_may_have_another_name_in_the_code() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { #[serde(flatten)] more: BTreeMap<String, String> } }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { #[serde(flatten)] rest: BTreeMap<String, String> } }
        }
    }
    accepts::<was::PaidEvent, now::PaidEvent>();
}

#[test]
fn an_untagged_variant_beside_tagged_ones_may_have_another_name() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { Card, #[serde(untagged)] Raw(String) }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { Card, #[serde(untagged)] Free(String) }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
    }
    accepts::<was::PaidEvent, now::PaidEvent>();
}

#[test]
fn a_field_may_be_left_out_where_its_default_is_meant() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { is_final: bool } }
        }
        now {
            fn yes() -> bool { true }
            fn is_yes(is_final: &bool) -> bool { *is_final }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid { #[serde(default = "yes", skip_serializing_if = "is_yes")] is_final: bool },
            }
        }
    }
    accepts::<was::PaidEvent, now::PaidEvent>();
}

#[test]
fn a_variant_that_is_the_key_of_a_map_may_be_renamed_with_an_alias() {
    versions! {
        was {
            #[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { Card, Cash }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: BTreeMap<Method, u64> } }
        }
        now {
            #[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { #[serde(alias = "Card")] CreditCard, Cash }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: BTreeMap<Method, u64> } }
        }
    }
    accepts::<was::PaidEvent, now::PaidEvent>();
}

#[test]
fn a_known_variant_may_become_the_one_for_unknown_ones() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { Card, Unknown }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { Card, #[serde(other)] Unknown }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
    }
    accepts::<was::PaidEvent, now::PaidEvent>();
}

#[test]
fn a_golden_event_with_a_set_is_read_alike_every_time() {
    #[derive(Event, Serialize, Deserialize)]
    enum PaidEvent {
        Paid { tags: HashSet<String> },
    }
    let folder = shipped::<PaidEvent>();
    let path = folder.path().join("events.golden/PaidEvent/paid.v1.json");
    let own = fs::read_to_string(&path).unwrap();
    let real = own.replace(r#"["text"]"#, r#"["a","b","c","d","e","f"]"#);
    assert_ne!(own, real);
    fs::write(&path, real).unwrap();
    for _ in 0..20 {
        check::<PaidEvent>(&folder).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// A kind of one's own; its name is that of a JSON form.
struct Unit;

impl Describe for Unit {
    const TYPE: TypeSchema = TypeSchema::Value("unit");
}

impl Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        "kg".serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|_| Self)
    }
}

#[test]
fn a_kind_of_ones_own_may_be_called_like_a_form_of_the_lock() {
    #[derive(Event, Serialize, Deserialize)]
    enum PaidEvent {
        Paid { unit: Unit },
    }
    shipped::<PaidEvent>();
}

#[test]
fn a_golden_event_does_not_depend_on_the_zone_of_the_machine() {
    #[derive(Event, Serialize, Deserialize)]
    enum PaidEvent {
        Paid { at: chrono::DateTime<chrono::Local> },
    }
    const FOLDER: &str = "LOCK_TEST_FOLDER";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let check = Check::in_folder(folder).event::<PaidEvent>();
        check.check().unwrap_or_else(|error| panic!("{error}"));
        return;
    }
    let folder = shipped::<PaidEvent>();
    for zone in ["UTC", "Europe/Berlin", "America/New_York"] {
        let again = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "found::compatible::a_golden_event_does_not_depend_on_the_zone_of_the_machine",
            ])
            .env(FOLDER, folder.path())
            .env("TZ", zone)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&again.stdout);
        assert!(said.contains("1 passed"), "in {zone} it says:\n{said}");
    }
}

mod foreign {
    #[derive(serde::Serialize, serde::Deserialize)]
    pub struct Currency(pub String);
}

#[test]
fn a_type_that_is_not_described_may_be_named_by_another_path() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { currency: foreign::Currency } }
        }
        now {
            use super::foreign::Currency;
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { currency: Currency } }
        }
    }
    accepts::<was::PaidEvent, now::PaidEvent>();
}
