//! Types that are generic, that hold themselves, or whose names mean something else.

use std::collections::{BTreeMap, VecDeque};
use std::marker::PhantomData;

use rehydrate::schema::TypeSchema;
use rehydrate::{AggregateId, Describe};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::law::{obeys, obeys_by_field};

#[derive(Describe, Serialize, Deserialize)]
struct Page<T>
where
    T: Clone,
{
    items: Vec<T>,
    first: Option<T>,
    by_name: BTreeMap<String, (T, u8)>,
}

#[derive(Describe)]
#[expect(dead_code, reason = "it is only described")]
struct Buffer<'a, T: ?Sized, const N: usize = 2> {
    name: &'a str,
    bytes: [u8; N],
    rest: Box<T>,
}

#[derive(Clone, Describe, Serialize, Deserialize)]
enum Either<L, R> {
    Left(L),
    Right { right: R },
}

trait Coin {
    type Amount;
}

struct Euro;

impl Describe for Euro {
    const TYPE: TypeSchema = TypeSchema::Value("null");
}

impl Coin for Euro {
    type Amount = u64;
}

#[derive(Describe, Serialize, Deserialize)]
#[serde(bound(
    serialize = "C::Amount: Serialize",
    deserialize = "C::Amount: Deserialize<'de>"
))]
struct Purse<C: Coin> {
    amount: C::Amount,
    #[serde(skip)]
    coin: PhantomData<C>,
}

#[test]
fn a_generic_type_is_described_with_the_types_it_is_used_with() {
    obeys_by_field(&Page::<Either<u8, String>> {
        items: vec![
            Either::Left(1),
            Either::Right {
                right: "a".to_owned(),
            },
        ],
        first: None,
        by_name: [("a".to_owned(), (Either::Left(1), 2))].into(),
    });
    obeys_by_field(&Purse::<Euro> {
        amount: 1,
        coin: PhantomData,
    });
    assert_ne!(<Either<u8, u8>>::TYPE, <Either<u8, u16>>::TYPE);
    assert_ne!(<Buffer<'_, u8, 1>>::TYPE, <Buffer<'_, u8, 2>>::TYPE);
    assert_ne!(<Buffer<'_, [u8]>>::TYPE, <Buffer<'_, str>>::TYPE);
}

#[derive(Describe, Serialize, Deserialize)]
struct Node {
    name: String,
    children: Vec<Node>,
    parent: Option<Box<Self>>,
    by_name: BTreeMap<String, Node>,
    queue: VecDeque<(u8, [Box<Node>; 1])>,
}

impl Node {
    fn leaf() -> Self {
        Self {
            name: "leaf".to_owned(),
            children: Vec::new(),
            parent: None,
            by_name: BTreeMap::new(),
            queue: VecDeque::new(),
        }
    }
}

#[derive(Describe, Serialize, Deserialize)]
enum Expression {
    Number(i64),
    Negated(Box<Expression>),
    Sum { of: Vec<Self> },
}

#[derive(Describe, Serialize, Deserialize)]
struct Chain(Option<Box<Chain>>);

#[derive(Describe, Serialize, Deserialize)]
struct Tree<T> {
    value: T,
    branches: Vec<Tree<T>>,
}

mod legacy {
    use super::*;

    #[derive(Describe, Serialize, Deserialize)]
    pub(crate) struct Node {
        pub(crate) id: u8,
    }
}

#[derive(Describe, Serialize, Deserialize)]
struct Odd {
    /// Holds the word `Odd`, but in a wrapper of which nothing is known.
    wrapped: Wrapper<Vec<Odd>>,
}

#[derive(Serialize, Deserialize)]
struct Wrapper<T>(T);

#[test]
fn a_type_that_holds_itself_is_described_once() {
    let node = || Node {
        children: vec![Node::leaf(), Node::leaf()],
        parent: Some(Box::new(Node::leaf())),
        by_name: [("a".to_owned(), Node::leaf())].into(),
        queue: [(1, [Box::new(Node::leaf())])].into(),
        ..Node::leaf()
    };
    obeys_by_field(&node());
    obeys(&Expression::Sum {
        of: vec![
            Expression::Number(1),
            Expression::Negated(Box::new(Expression::Number(2))),
        ],
    });
    assert_eq!(obeys(&Chain(Some(Box::new(Chain(None))))), json!(null));
    let branches = vec![Tree {
        value: 2_u8,
        branches: Vec::new(),
    }];
    obeys_by_field(&Tree {
        value: 1_u8,
        branches,
    });
    obeys(&legacy::Node { id: 1 });
    obeys(&Odd {
        wrapped: Wrapper(vec![Odd {
            wrapped: Wrapper(Vec::new()),
        }]),
    });

    let TypeSchema::Struct { fields, .. } = Node::TYPE else {
        panic!("{:?}", Node::TYPE);
    };
    let itself = TypeSchema::Recursive("Node");
    assert_eq!(
        fields[1].shape,
        TypeSchema::List(&TypeSchema::Recursive("Node"))
    );
    assert_eq!(
        fields[2].shape,
        TypeSchema::Optional(&TypeSchema::Recursive("Node"))
    );
    assert!(matches!(fields[3].shape, TypeSchema::Map { value, .. } if *value == itself));
    let TypeSchema::Struct { fields, .. } = Odd::TYPE else {
        panic!("{:?}", Odd::TYPE);
    };
    assert_eq!(fields[0].shape, TypeSchema::Opaque("Wrapper<Vec<Odd>>"));
}

/// Types of ours that are called like those of the standard library.
mod named_like_others {
    use super::*;

    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct Option<T> {
        pub(super) known: T,
    }

    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct Vec {
        pub(super) x: i8,
    }

    #[derive(Describe, Serialize, Deserialize)]
    pub(super) struct Field {
        pub(super) option: Option<u8>,
        pub(super) vec: Vec,
    }
}

#[test]
fn a_described_type_is_believed_before_its_name() {
    use named_like_others::{Field, Option, Vec};
    let json = obeys_by_field(&Field {
        option: Option { known: 1 },
        vec: Vec { x: 2 },
    });
    assert_eq!(json, json!({ "option": { "known": 1 }, "vec": { "x": 2 } }));
}

#[derive(AggregateId)]
struct AccountId(uuid::Uuid);

/// Like `Deserialize`, as payloads of the past are.
#[derive(Describe, Deserialize)]
struct Past {
    #[expect(dead_code, reason = "it is only described")]
    account: AccountId,
}

#[derive(Clone)]
struct Undescribed(String);

impl std::fmt::Display for Undescribed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Undescribed {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl Serialize for Undescribed {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Undescribed {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self)
    }
}

#[derive(AggregateId)]
struct OddId(Undescribed);

#[derive(Describe, Serialize, Deserialize)]
struct HoldsIds {
    known: AccountId,
    odd: OddId,
}

#[test]
fn an_id_is_described_if_the_type_inside_is() {
    obeys(&AccountId::new());
    obeys_by_field(&HoldsIds {
        known: AccountId::new(),
        odd: OddId(Undescribed(String::new())),
    });
    for (ty, field, shape) in [
        (HoldsIds::TYPE, 0, TypeSchema::Value("uuid")),
        (HoldsIds::TYPE, 1, TypeSchema::Opaque("OddId")),
        (Past::TYPE, 0, TypeSchema::Value("uuid")),
    ] {
        let TypeSchema::Struct { fields, .. } = ty else {
            panic!("{ty:?}");
        };
        assert_eq!(fields[field].shape, shape);
    }
}
