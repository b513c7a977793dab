//! The upcasts and texts that a message suggests.

use super::{check, message, shipped, words};
use rehydrate::Event;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;

#[test]
fn what_to_do_about_an_attribute_is_told_in_words_of_serde() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: Option<u32> } }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { #[serde(skip_deserializing)] cents: Option<u32> } }
        }
    }
    let message = message::<was::PaidEvent, now::PaidEvent>();
    assert!(
        !message.contains("#[serde(not read)]"),
        "there is no such attribute:\n{message}"
    );
}

#[test]
fn a_suggested_type_is_not_called_like_the_payload_of_today() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct PaidV1 { pub cents: u64 }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid(PaidV1) }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct PaidV1 { pub cents: String }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid(PaidV1) }
        }
    }
    let message = message::<was::PaidEvent, now::PaidEvent>();
    assert!(
        !message.contains("impl From<PaidV1> for PaidV1"),
        "it is its own past:\n{message}"
    );
}

#[test]
fn a_boxed_payload_is_upcast_to_the_enum() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Payment { pub cents: u64 }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid(Box<Payment>) }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Payment { pub amount: String }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid(Box<Payment>) }
        }
    }
    let message = message::<was::PaidEvent, now::PaidEvent>();
    let own = "for Box<Payment> { fn from(old: PaidV1) -> Self { Self {";
    let unused = "for Box<Payment> { fn from(_old: PaidV1) -> Self { Self {";
    let message = words(&message);
    assert!(
        !message.contains(own) && !message.contains(unused),
        "a box is no literal:\n{message}"
    );
}

#[test]
fn a_field_whose_type_only_starts_like_an_option_is_not_none() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: u64 } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Options { pub is_express: bool }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: u64, options: Options } }
        }
    }
    let message = message::<was::PaidEvent, now::PaidEvent>();
    assert!(
        !message.contains("options: None"),
        "`Options` is no `Option`:\n{message}"
    );
}

#[test]
fn the_suggested_upcast_knows_a_flattened_map_that_was_shipped() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid { cents: u64, #[serde(flatten)] more: BTreeMap<String, String> },
            }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid { amount: u64, #[serde(flatten)] more: BTreeMap<String, String> },
            }
        }
    }
    let message = message::<was::PaidEvent, now::PaidEvent>();
    assert!(message.contains("old.more"), "it was stored:\n{message}");
}

#[test]
fn a_version_that_is_given_up_is_told_as_toml() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct PaidV1 { pub cents: u64 }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                #[event(name = "payment.paid", history(PaidV1))] Paid { amount: u64 },
            }
            impl From<PaidV1> for PaidEvent {
                fn from(old: PaidV1) -> Self { Self::Paid { amount: old.cents } }
            }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                #[event(name = "payment.paid", history(_))] Paid { amount: u64 },
            }
        }
    }
    let message = message::<was::PaidEvent, now::PaidEvent>();
    assert!(
        message.contains(r#"[PaidEvent."payment.paid"]"#),
        "it says:\n{message}"
    );
}

#[test]
fn a_type_that_is_gone_is_suggested_with_the_link_between_its_versions() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct PaidV1 { pub euro: String }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { #[event(history(PaidV1))] Paid { cents: u64 }, Closed }
            impl From<PaidV1> for PaidEvent {
                fn from(_: PaidV1) -> Self { Self::Paid { cents: 1 } }
            }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Closed }
        }
    }
    let message = message::<was::PaidEvent, now::PaidEvent>();
    let link = "impl From<PaidV1> for PaidV2";
    assert!(
        message.contains(link),
        "nothing makes one of the other:\n{message}"
    );
}

#[test]
fn a_version_is_given_up_as_the_message_says() {
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
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { #[event(history(_))] Paid { cents: u64 } }
        }
    }
    let folder = shipped::<was::PaidEvent>();
    let path = folder.path().join("events.lock");
    let lock = fs::read_to_string(&path).unwrap();
    let old = "[PaidEvent.paid.v1]\neuro = \"string\"\n";
    let given_up = lock.replace(old, "[PaidEvent.paid]\nv1 = \"unsupported\"\n");
    assert_ne!(given_up, lock, "the lock is:\n{lock}");
    fs::write(&path, given_up).unwrap();
    fs::remove_file(folder.path().join("events.golden/PaidEvent/paid.v1.json")).unwrap();
    check::<now::PaidEvent>(&folder).unwrap_or_else(|error| panic!("{error}"));
}
