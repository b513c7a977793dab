//! `derive(Describe)` where names, lints and serde are not what one expects.

#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    deprecated
)]
#![forbid(unsafe_code)]

use rehydrate::schema::TypeSchema;

/// Names that the macro writes mean something else here.
mod shadows {
    #![allow(dead_code, reason = "only their names count")]

    use serde::{Deserialize as De, Serialize as Ser};

    mod core {}
    mod std {}
    struct String;
    struct Vec;
    struct Some;
    struct None;
    trait Unseen {}
    trait Describe {
        const TYPE: u8;
    }
    impl<T> Describe for T {
        const TYPE: u8 = 0;
    }

    #[derive(rehydrate::Describe, Ser, De)]
    pub(super) struct Money {
        cents: u64,
        r#type: ::std::string::String,
        history: ::std::vec::Vec<Self>,
    }

    #[derive(rehydrate::Describe)]
    enum Nothing {}

    const _: rehydrate::schema::TypeSchema = <Nothing as rehydrate::Describe>::TYPE;
}

/// Public, generic and documented.
#[derive(Debug, rehydrate::Describe)]
pub struct Page<'a, T: Copy + 'a, const N: usize = 2>
where
    T: Send,
{
    /// Items.
    pub items: Vec<T>,
    /// Text.
    pub text: &'a str,
    /// Bytes.
    pub bytes: [u8; N],
    /// Not described, and generic.
    pub odd: std::sync::mpsc::Sender<T>,
}

/// Not used any more.
#[derive(Debug, Clone, Copy, rehydrate::schema::Describe)]
#[deprecated = "count cents"]
pub struct Euros(u64);

/// Holds what is deprecated.
#[derive(Debug, rehydrate::Describe)]
pub struct Old {
    /// Euros.
    #[allow(deprecated)]
    pub euros: Option<Euros>,
}

macro_rules! described {
    ($name:ident { $($field:ident: $ty:ty = $key:literal),* }) => {
        #[derive(rehydrate::Describe, serde::Serialize, serde::Deserialize)]
        struct $name {
            $(#[serde(rename = $key)] $field: $ty,)*
        }
    };
}

described!(Written { a: Option<Box<Written>> = "x", b: Vec<u8> = "y" });

fn main() {
    #[derive(rehydrate::Describe, serde::Deserialize)]
    struct Inside {
        #[expect(dead_code, reason = "it is only described")]
        money: Option<shadows::Money>,
    }

    let TypeSchema::Struct { fields, .. } = <Inside as rehydrate::Describe>::TYPE else {
        panic!("no struct");
    };
    assert_eq!(
        fields[0].shape,
        TypeSchema::Optional(&<shadows::Money as rehydrate::Describe>::TYPE)
    );

    let TypeSchema::Struct { fields, .. } = <Written as rehydrate::Describe>::TYPE else {
        panic!("no struct");
    };
    assert_eq!((fields[0].key, fields[1].key), ("x", "y"));
    assert_eq!(
        fields[0].shape,
        TypeSchema::Optional(&TypeSchema::Recursive("Written"))
    );

    let written = Written {
        a: None,
        b: Vec::new(),
    };
    assert!(written.a.is_none() && written.b.is_empty());
}
