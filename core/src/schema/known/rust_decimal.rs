//! `rust_decimal`.

use crate::schema::{Describe, TypeSchema};

/// A string in its serde form; its feature `serde-float` makes it a number, which a description
/// cannot see.
impl Describe for rust_decimal::Decimal {
    const TYPE: TypeSchema = TypeSchema::Value("decimal");
}
