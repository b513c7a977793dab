//! The hash of a state's description: which changes of the code it tells.

use rehydrate::schema::TypeSchema;
use rehydrate::{Describe, Fingerprint};
use serde::{Deserialize, Serialize};

#[test]
fn the_fingerprint_of_a_text_never_changes() {
    for (text, stored) in FNV {
        assert_eq!(Fingerprint::of(text), Fingerprint(stored), "{text}");
    }
}

/// FNV-1a, 64 bits: from the published test vectors.
const FNV: [(&str, u64); 4] = [
    ("", 0xcbf2_9ce4_8422_2325),
    ("a", 0xaf63_dc4c_8601_ec8c),
    ("foobar", 0x8594_4171_f739_67e8),
    (
        "struct Account{owner:String,cents:u64} version 2",
        0xf052_6549_0f0d_c283,
    ),
];

macro_rules! state {
    ($module:ident: $($code:tt)*) => {
        mod $module {
            use super::*;

            $($code)*

            pub(super) const TYPE: TypeSchema = State::TYPE;
        }
    };
}

state!(first:
    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct State { by: String, of: Inner, seen: Vec<Unseen> }
    #[derive(Describe, Serialize, Deserialize)]
    struct Inner { cents: u64 }
    #[derive(Serialize, Deserialize)]
    struct Unseen { x: u8 });
state!(other_names:
    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct Account { by: String, of: Money, seen: Vec<Unseen> }
    #[derive(Describe, Serialize, Deserialize)]
    struct Money { cents: u64 }
    #[derive(Serialize, Deserialize)]
    struct Unseen { x: u8 }
    use Account as State;);
state!(renamed_but_same_key:
    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct State { #[serde(rename = "by")] whom: String, of: Inner, seen: Vec<Unseen> }
    #[derive(Describe, Serialize, Deserialize)]
    struct Inner { cents: u64 }
    #[derive(Serialize, Deserialize)]
    struct Unseen { x: u8 });
state!(another_unseen:
    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct State { by: String, of: Inner, seen: Vec<Unseen> }
    #[derive(Describe, Serialize, Deserialize)]
    struct Inner { cents: u64 }
    #[derive(Serialize, Deserialize)]
    struct Unseen { y: String });
state!(another_inner:
    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct State { by: String, of: Inner, seen: Vec<Unseen> }
    #[derive(Describe, Serialize, Deserialize)]
    struct Inner { cents: i64 }
    #[derive(Serialize, Deserialize)]
    struct Unseen { x: u8 });
state!(another_key:
    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct State { whom: String, of: Inner, seen: Vec<Unseen> }
    #[derive(Describe, Serialize, Deserialize)]
    struct Inner { cents: u64 }
    #[derive(Serialize, Deserialize)]
    struct Unseen { x: u8 });
state!(another_inner_default:
    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct State { by: String, of: Inner, seen: Vec<Unseen> }
    #[derive(Describe, Serialize, Deserialize)]
    struct Inner { #[serde(default)] cents: u64 }
    #[derive(Serialize, Deserialize)]
    struct Unseen { x: u8 });
state!(another_list:
    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct State { by: String, of: Inner, seen: Option<Unseen> }
    #[derive(Describe, Serialize, Deserialize)]
    struct Inner { cents: u64 }
    #[derive(Serialize, Deserialize)]
    struct Unseen { x: u8 });

fn of(state: &TypeSchema) -> Fingerprint {
    state.fingerprint(0)
}

#[test]
fn names_in_the_code_are_no_part_of_it() {
    assert_eq!(of(&first::TYPE), of(&other_names::TYPE));
    assert_eq!(of(&first::TYPE), of(&renamed_but_same_key::TYPE));
}

#[test]
fn a_change_inside_a_type_without_a_description_is_not_seen() {
    assert_eq!(of(&first::TYPE), of(&another_unseen::TYPE));
}

#[test]
fn every_other_change_makes_another_one() {
    let all = [
        of(&first::TYPE),
        of(&another_inner::TYPE),
        of(&another_key::TYPE),
        of(&another_inner_default::TYPE),
        of(&another_list::TYPE),
        first::TYPE.fingerprint(1),
    ];
    let different: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len(), "{all:?}");
}

/// Parts that could pass for each other if their hashes ran into one another.
#[test]
fn two_descriptions_do_not_run_into_each_other() {
    use TypeSchema::{Nullable, Opaque, Optional, Recursive, Tuple, Value};
    const A: TypeSchema = Value("a");
    const B: TypeSchema = Value("b");
    let all = [
        A,
        Value("ab"),
        Opaque("a"),
        Recursive("a"),
        Optional(&A),
        Nullable(&A),
        TypeSchema::List(&A),
        Tuple(&[]),
        Tuple(&[A]),
        Tuple(&[A, B]),
        Tuple(&[B, A]),
        Tuple(&[A, Tuple(&[B])]),
        Tuple(&[Tuple(&[A]), B]),
        Tuple(&[Tuple(&[A, B])]),
        TypeSchema::Map { key: &A, value: &B },
        TypeSchema::Map { key: &B, value: &A },
        TypeSchema::Array { of: &A, length: 1 },
        TypeSchema::Array { of: &A, length: 2 },
    ];
    let different: std::collections::HashSet<_> = all.iter().map(of).collect();
    assert_eq!(different.len(), all.len());
}
