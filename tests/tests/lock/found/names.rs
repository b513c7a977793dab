//! Names, aliases and generic types.

use super::{read, reads_or_refuses, shipped, update};
use rehydrate::{Decoded, Event};
use serde::{Deserialize, Serialize};

#[test]
#[allow(unreachable_patterns, reason = "that is the mistake")]
fn an_alias_that_takes_the_name_of_another_variant_is_refused() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { Card, Cash }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { #[serde(alias = "Cash")] Card, Cash }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
    }
    let method = was::Method::Cash;
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { method });
}

#[test]
fn the_arguments_of_a_generic_type_within_itself_are_compared() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Tree<T> { pub value: T, pub next: Option<Box<Tree<u32>>> }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { tree: Tree<String> } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Tree<T> { pub value: T, pub next: Option<Box<Tree<String>>> }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { tree: Tree<String> } }
        }
    }
    let next = Some(Box::new(was::Tree {
        value: 1,
        next: None,
    }));
    let tree = was::Tree {
        value: String::new(),
        next,
    };
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { tree });
}

#[test]
fn an_alias_that_moves_to_another_event_is_refused() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                #[event(alias = "captured")] Paid { cents: u64 },
                Refunded { cents: u64 },
            }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid { cents: u64 },
                #[event(alias = "captured")] Refunded { cents: u64 },
            }
        }
    }
    let folder = shipped::<was::PaidEvent>();
    let refused = update::<now::PaidEvent>(&folder).is_err();
    let is_paid = matches!(
        read("captured", r#"{"cents":1}"#),
        Ok(Decoded::One(now::PaidEvent::Paid { .. }))
    );
    assert!(
        refused || is_paid,
        "the check passes, but what was paid is read as refunded"
    );
}

#[test]
fn an_enum_that_is_renamed_and_changed_at_once_is_refused() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: u64 }, Closed }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaymentEvent { Paid { cents: String }, Closed }
        }
    }
    let folder = shipped::<was::PaidEvent>();
    update::<now::PaymentEvent>(&folder).unwrap_err();
}

#[test]
fn attributes_that_rename_everything_are_seen() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            #[serde(rename_all_fields = "camelCase")]
            pub enum PaidEvent { Paid { in_cents: Option<u64> } }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { in_cents: Option<u64> } }
        }
    }
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { in_cents: Some(1) });
}

#[test]
fn the_length_of_a_generic_array_is_seen() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Codes { pub all: Vec<[u8; 2]> }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { codes: Codes } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Codes { pub all: Vec<[u8; 3]> }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { codes: Codes } }
        }
    }
    let codes = was::Codes { all: vec![[1, 2]] };
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { codes });
}
