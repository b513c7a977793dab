//! The types that a message suggests.

use super::{bare, message};
use rehydrate::Event;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[test]
fn the_suggested_type_keeps_the_default_that_was_shipped() {
    versions! {
        was {
            fn one() -> u32 { 1 }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { #[serde(default = "one")] rates: u32 } }
        }
        now {}
    }
    let message = message::<was::PaidEvent, bare::PaidEvent>();
    assert!(
        message.contains("one"),
        "0 is read where it was 1:\n{message}"
    );
}

#[test]
fn the_suggested_type_has_no_attribute_that_serde_does_not_know() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent {
                Paid {
                    #[serde(skip_serializing, default)] hidden: u32,
                    #[serde(skip_deserializing)] unread: u32,
                    #[serde(alias = "old", rename(serialize = "new", deserialize = "other"))]
                    both: Option<u32>,
                },
            }
        }
        now {}
    }
    let message = message::<was::PaidEvent, bare::PaidEvent>();
    for unknown in ["not written", "not read", "read as"] {
        let attribute = message
            .lines()
            .find(|line| line.contains("#[serde(") && line.contains(unknown));
        assert_eq!(attribute, None, "in:\n{message}");
    }
}

#[test]
fn the_suggested_untagged_enum_tries_its_variants_in_the_shipped_order() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(untagged)]
            pub enum Amount { Whole(i64), Fraction(f64) }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { amount: Amount } }
        }
        now {}
    }
    let message = message::<was::PaidEvent, bare::PaidEvent>();
    let (whole, fraction) = (message.find("Whole(i64)"), message.find("Fraction(f64)"));
    assert!(
        whole < fraction,
        "every number is read as a fraction:\n{message}"
    );
}

#[test]
fn the_suggested_enum_has_its_untagged_variants_last() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { Card, Transfer, #[serde(untagged)] Raw(String) }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
        now {}
    }
    let message = message::<was::PaidEvent, bare::PaidEvent>();
    let (raw, transfer) = (message.find("Raw(String)"), message.find("Transfer,"));
    assert!(
        transfer < raw,
        "serde refuses an untagged variant before others:\n{message}"
    );
}

#[test]
fn a_suggested_enum_with_a_default_may_be_missing() {
    versions! {
        was {
            #[derive(Default, Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { #[default] Card, Cash }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { #[serde(default)] method: Method } }
        }
        now {}
    }
    let message = message::<was::PaidEvent, bare::PaidEvent>();
    // What its default was is not known, but that nothing was stored is.
    let has_default = message.contains("method: Option<PaidV1Method>");
    assert!(has_default, "`PaidV1Method` has no `Default`:\n{message}");
}

#[test]
fn a_suggested_variant_is_not_called_self() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub enum Payer { #[serde(rename = "self")] Own, #[serde(rename = "spouse")] Spouse }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { payer: Payer } }
        }
        now {}
    }
    let message = message::<was::PaidEvent, bare::PaidEvent>();
    let is_self = message.lines().any(|line| line.trim() == "Self,");
    assert!(!is_self, "`Self` is no name of a variant:\n{message}");
}

#[test]
fn suggested_types_have_names_of_their_own() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Address { pub city: String }
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            pub struct Payer { pub address: Address }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { payer: Payer, payer_address: Address } }
        }
        now {}
    }
    let message = message::<was::PaidEvent, bare::PaidEvent>();
    let declared = message.matches("struct PaidV1PayerAddress {").count();
    assert!(
        declared <= 1,
        "one name is declared {declared} times:\n{message}"
    );
}

#[test]
fn suggested_fields_have_names_of_their_own() {
    versions! {
        was {
            #[derive(Event, Serialize, Deserialize)]
            #[allow(non_snake_case, reason = "as another system calls it")]
            pub enum PaidEvent {
                Paid { #[serde(rename = "orderId")] order: u32, order_id: u64 },
            }
        }
        now {}
    }
    let message = message::<was::PaidEvent, bare::PaidEvent>();
    let count = message
        .lines()
        .filter(|line| line.trim().starts_with("order_id:"))
        .count();
    assert!(
        count <= 1,
        "one field is declared {count} times:\n{message}"
    );
}

#[test]
fn a_suggested_key_of_a_map_can_be_ordered() {
    versions! {
        was {
            #[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, rehydrate::Describe)]
            pub enum Method { Card, Cash }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { cents: BTreeMap<Method, u64> } }
        }
        now {}
    }
    let message = message::<was::PaidEvent, bare::PaidEvent>();
    assert!(
        message.contains("Ord"),
        "a `BTreeMap` asks its keys for `Ord`:\n{message}"
    );
}

#[test]
fn a_suggested_array_of_structs_with_a_default_has_one() {
    versions! {
        was {
            #[derive(Default, Serialize, Deserialize, rehydrate::Describe)]
            pub struct Place { pub x: u8 }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { #[serde(default)] ends: (Place, Place) } }
        }
        now {}
    }
    let message = message::<was::PaidEvent, bare::PaidEvent>();
    let has_default = message.contains("Default,") || message.contains("default = ");
    assert!(has_default, "`PaidV1Ends0` has no `Default`:\n{message}");
}
