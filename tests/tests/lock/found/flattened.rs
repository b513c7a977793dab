//! What is flattened, or kept in a buffer before serde knows what it is.

use super::reads_or_refuses;
use rehydrate::Event;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[test]
fn a_field_that_takes_a_key_of_a_flattened_map_is_refused() {
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
                Paid {
                    cents: u64,
                    points: Option<u32>,
                    #[serde(flatten)] more: BTreeMap<String, String>,
                },
            }
        }
    }
    let more = BTreeMap::from([("points".to_owned(), "many".to_owned())]);
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { cents: 1, more });
}

#[test]
fn a_field_that_takes_the_tag_of_a_flattened_enum_is_refused() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(tag = "kind")]
            pub enum Method { Card, Transfer { iban: String } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { #[serde(flatten)] method: Option<Method> } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(tag = "kind")]
            pub enum Method { Card, Transfer { iban: String } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid { kind: Option<String>, #[serde(flatten)] method: Option<Method> },
            }
        }
    }
    let method = Some(was::Method::Transfer {
        iban: "DE1".to_owned(),
    });
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { method });
}

#[test]
fn a_wide_integer_that_moves_into_a_flattened_struct_is_refused() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { wei: u128 } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Amount { pub wei: u128 }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { #[serde(flatten)] amount: Amount } }
        }
    }
    let wei = u128::from(u64::MAX) * 10;
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { wei });
}

#[test]
fn a_wider_integer_that_serde_cannot_buffer_is_refused() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(tag = "kind")]
            pub enum Amount { Cents { cents: u64 }, Wei { wei: u64 } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { amount: Amount } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(tag = "kind")]
            pub enum Amount { Cents { cents: u64 }, Wei { wei: u128 } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { amount: Amount } }
        }
    }
    let amount = was::Amount::Wei { wei: 1 };
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { amount });
}

#[test]
fn a_flattened_type_within_itself_is_not_taken_for_the_outer_one() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Inner { pub parts: Vec<Inner> }
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Outer { pub name: String, #[serde(flatten)] pub inner: Inner }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { outer: Outer } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Outer { pub name: String, pub parts: Vec<Outer> }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { outer: Outer } }
        }
    }
    let inner = was::Inner {
        parts: vec![was::Inner { parts: Vec::new() }],
    };
    let outer = was::Outer {
        name: "a".to_owned(),
        inner,
    };
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { outer });
}

#[test]
fn a_struct_that_is_flattened_in_a_variant_without_a_golden_event_is_refused() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { Card, Points { used: BTreeMap<u32, u32> } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Points { pub used: BTreeMap<u32, u32> }
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { Card, Points { #[serde(flatten)] points: Points } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
    }
    let used = BTreeMap::from([(7, 1)]);
    let method = was::Method::Points { used };
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { method });
}

#[test]
fn a_wider_integer_but_zero_that_serde_cannot_buffer_is_refused() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(tag = "kind")]
            pub enum Amount { Cents { cents: u64 }, Wei { wei: std::num::NonZeroU64 } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { amount: Amount } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(tag = "kind")]
            pub enum Amount { Cents { cents: u64 }, Wei { wei: std::num::NonZeroU128 } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { amount: Amount } }
        }
    }
    let amount = was::Amount::Wei {
        wei: std::num::NonZeroU64::MIN,
    };
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { amount });
}

#[test]
fn an_alias_that_takes_a_key_of_a_flattened_map_is_refused() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid { cents: Option<u64>, #[serde(flatten)] more: BTreeMap<String, String> },
            }
        }
        now {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid {
                    #[serde(alias = "amount")] cents: Option<u64>,
                    #[serde(flatten)] more: BTreeMap<String, String>,
                },
            }
        }
    }
    let more = BTreeMap::from([("amount".to_owned(), "much".to_owned())]);
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { cents: None, more });
}

#[test]
fn an_optional_struct_that_is_flattened_keeps_what_it_requires() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Card { pub number: String, pub holder: Option<String> }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { #[serde(flatten)] card: Option<Card> } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Card { pub number: String }
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Other { pub holder: Option<String> }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid {
                    #[serde(flatten)] card: Option<Card>,
                    #[serde(flatten)] other: Other,
                },
            }
        }
    }
    let (number, holder) = ("1".to_owned(), Some("Eva".to_owned()));
    let card = Some(was::Card { number, holder });
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { card });
}
