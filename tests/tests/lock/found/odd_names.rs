//! Odd names and wide types.

use super::shipped;
use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[test]
fn a_type_that_stands_in_many_places_can_be_shipped() {
    macro_rules! twice {
        ($($outer:ident of $inner:ident),*) => {$(
            #[derive(Serialize, Deserialize, rehydrate::Describe)]
            struct $outer { one: Box<$inner>, other: Box<$inner> }
        )*};
    }
    #[derive(Serialize, Deserialize, rehydrate::Describe)]
    struct A {
        cents: u64,
    }
    twice!(B of A, C of B, D of C, E of D, F of E, G of F, H of G, I of H, J of I, K of J, L of K);
    twice!(M of L);
    #[derive(Event, Serialize, Deserialize)]
    enum PaidEvent {
        Paid { all: M },
    }
    shipped::<PaidEvent>();
}

#[test]
fn a_tag_with_spaces_and_other_odd_names_are_read_as_they_were_written() {
    #[derive(Serialize, Deserialize, rehydrate::Describe)]
    #[serde(tag = "a and content b", content = "what? or null")]
    enum Method {
        #[serde(rename = "")]
        Card(u8),
        #[serde(rename = "a.b[]{}|+\"\\")]
        Cash {
            #[serde(rename = "next?")]
            next: Option<Box<Method>>,
        },
    }
    #[derive(Serialize, Deserialize, rehydrate::Describe)]
    struct Tree {
        #[serde(rename = "x y?")]
        tree: Vec<Tree>,
    }
    #[derive(Event, Serialize, Deserialize)]
    enum PaidEvent {
        #[event(name = "a.b-c/ä")]
        Paid {
            #[serde(rename = "m?")]
            method: Method,
            #[serde(rename = ".")]
            tree: Option<Tree>,
        },
    }
    shipped::<PaidEvent>();
}

#[test]
fn a_type_within_itself_below_an_odd_name_is_read_as_it_was_written() {
    #[derive(Serialize, Deserialize, rehydrate::Describe)]
    struct Tree {
        next: Option<Box<Tree>>,
    }
    #[derive(Event, Serialize, Deserialize)]
    enum PaidEvent {
        Paid {
            #[serde(rename = "done?")]
            tree: Tree,
        },
    }
    shipped::<PaidEvent>();
}
