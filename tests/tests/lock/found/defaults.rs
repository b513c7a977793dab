//! What takes the place of what is not stored; conversions that lose something.

use super::{read, reads_or_refuses, shipped, update};
use rehydrate::{Decoded, Event};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[test]
fn a_nullable_newtype_without_the_default_that_was_shipped_is_refused() {
    versions! {
        was {
            fn is_zero(note: &u32) -> bool { *note == 0 }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid { #[serde(default, skip_serializing_if = "is_zero")] fee: u32 },
            }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Fee(pub Option<u32>);
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { fee: Fee } }
        }
    }
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { fee: 0 });
}

#[test]
fn a_field_that_is_left_out_and_has_no_default_is_refused() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { note: String } }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid { #[serde(skip_serializing_if = "String::is_empty")] note: String },
            }
        }
    }
    let folder = shipped::<was::PaidEvent>();
    if update::<now::PaidEvent>(&folder).is_err() {
        return;
    }
    let written = now::PaidEvent::Paid {
        note: String::new(),
    }
    .encode()
    .unwrap();
    if let Err(error) = read::<now::PaidEvent>("paid", &written) {
        panic!("the check passes, but the program does not read its own {written}: {error}");
    }
}

#[test]
fn another_default_is_refused() {
    versions! {
        was {
            fn one() -> u32 { 1 }
            fn is_one(count: &u32) -> bool { *count == 1 }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid { #[serde(default = "one", skip_serializing_if = "is_one")] rates: u32 },
            }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { #[serde(default)] rates: u32 } }
        }
    }
    let folder = shipped::<was::PaidEvent>();
    let passes = update::<now::PaidEvent>(&folder).is_ok();
    let written = was::PaidEvent::Paid { rates: 1 }.encode().unwrap();
    let Ok(Decoded::One(now::PaidEvent::Paid { rates })) = read("paid", &written) else {
        panic!("it is not read");
    };
    assert!(
        !passes || rates == 1,
        "1 was stored as {written}, and is read as {rates}"
    );
}

#[test]
fn a_list_that_becomes_a_set_is_refused() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { rates: Vec<u32> } }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { rates: BTreeSet<u32> } }
        }
    }
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid {
        rates: vec![10, 10, 5],
    });
}

#[test]
fn a_default_that_takes_the_place_of_none_is_refused() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid { #[serde(skip_serializing_if = "Option::is_none")] rates: Option<u32> },
            }
        }
        now {
            fn some() -> Option<u32> { Some(12) }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid {
                    #[serde(default = "some", skip_serializing_if = "Option::is_none")]
                    rates: Option<u32>,
                },
            }
        }
    }
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { rates: None });
}
