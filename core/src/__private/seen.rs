//! Whether a type is described, asked of the compiler.

use std::marker::PhantomData;

use crate::schema::{Describe, TypeSchema};

/// Asks whether a type is described: `Probe::<T>::TYPE` is its description, or else the `None` of
/// [`Unseen`], because what a type has itself goes before what a trait gives it.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<T>);

impl<T: Describe + ?Sized> Probe<T> {
    /// The type's description.
    pub const TYPE: Option<TypeSchema> = Some(T::TYPE);
}

/// What a type without a description has.
pub trait Unseen {
    /// No description.
    const TYPE: Option<TypeSchema> = None;
}

impl<T: ?Sized> Unseen for Probe<T> {}

/// The description that was found, or else what the code alone tells of the type.
#[must_use]
pub const fn seen(found: Option<TypeSchema>, otherwise: TypeSchema) -> TypeSchema {
    match found {
        Some(found) => found,
        None => otherwise,
    }
}

/// A newtype looks like the type inside, but serde does not take a missing field for its null.
#[must_use]
pub const fn newtype(inner: TypeSchema) -> TypeSchema {
    match inner {
        TypeSchema::Optional(some) => TypeSchema::Nullable(some),
        inner => inner,
    }
}
