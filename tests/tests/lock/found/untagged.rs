//! Enums without a tag: the first variant that fits is what was stored.

use super::reads_or_refuses;
use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[test]
fn an_untagged_enum_whose_variants_change_places_is_refused() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(untagged)]
            pub enum Amount { Whole(i64), Fraction(f64) }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { amount: Amount } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(untagged)]
            pub enum Amount { Fraction(f64), Whole(i64) }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { amount: Amount } }
        }
    }
    let amount = was::Amount::Whole(9_007_199_254_740_993);
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { amount });
}

#[test]
fn a_new_variant_that_swallows_another_one_of_an_untagged_enum_is_refused() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(untagged)]
            pub enum Method { Card { number: String }, Transfer { iban: String, bic: String } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(untagged)]
            pub enum Method {
                Card { number: String },
                Short { iban: String },
                Transfer { iban: String, bic: String },
            }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
    }
    let method = was::Method::Transfer {
        iban: "DE1".to_owned(),
        bic: "X".to_owned(),
    };
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { method });
}

#[test]
fn a_wider_variant_of_an_untagged_enum_that_takes_the_values_of_the_next_is_refused() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(untagged)]
            pub enum Amount { A(u8), B { cents: u16 }, C { cents: u32, more: bool } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { amount: Amount } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(untagged)]
            pub enum Amount { A(u8), B { cents: u32 }, C { cents: u32, more: bool } }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { amount: Amount } }
        }
    }
    let amount = was::Amount::C {
        cents: 100_000,
        more: true,
    };
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { amount });
}

#[test]
fn an_optional_field_that_lets_an_untagged_variant_swallow_the_next_is_refused() {
    versions! {
        was {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(untagged)]
            pub enum Method {
                Card { number: String },
                Order { order: u32, note: String },
                Transfer { note: String, iban: String },
            }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
        now {
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            #[serde(untagged)]
            pub enum Method {
                Card { number: String },
                Order { order: Option<u32>, note: String },
                Transfer { note: String, iban: String },
            }
            #[derive(Event, Serialize, Deserialize)]
            pub enum PaidEvent { Paid { method: Method } }
        }
    }
    let (note, iban) = ("a".to_owned(), "DE1".to_owned());
    let method = was::Method::Transfer { note, iban };
    reads_or_refuses::<_, now::PaidEvent>(was::PaidEvent::Paid { method });
}
