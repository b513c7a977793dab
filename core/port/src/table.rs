//! The shape of a table of rows.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The shape of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The table's name in the database, while it is live.
    pub name: Cow<'static, str>,
    /// Its columns, in order.
    pub columns: Cow<'static, [Column]>,
}

impl Table {
    /// A table, for `derive(ReadModel)`.
    #[must_use]
    pub const fn new(name: &'static str, columns: &'static [Column]) -> Self {
        Self {
            name: Cow::Borrowed(name),
            columns: Cow::Borrowed(columns),
        }
    }

    /// The columns of the key.
    pub fn key(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.is_key)
    }

    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The shape of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name: that of the field in the row's JSON.
    pub name: Cow<'static, str>,
    /// What is in it.
    pub kind: ColumnKind,
    /// Whether a row may have nothing there.
    pub is_nullable: bool,
    /// Whether it is part of the key.
    pub is_key: bool,
    /// Whether the table has an index on it.
    pub is_indexed: bool,
}

impl Column {
    /// A column of a field of type `T`, for `derive(ReadModel)`.
    #[must_use]
    pub const fn of<T: ColumnType>(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind: T::KIND,
            is_nullable: T::IS_NULLABLE,
            is_key: false,
            is_indexed: false,
        }
    }

    /// A column with the JSON text of a field of any type.
    #[must_use]
    pub const fn json(name: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            kind: ColumnKind::Json,
            is_nullable: true,
            is_key: false,
            is_indexed: false,
        }
    }

    /// The column as a part of the key.
    ///
    /// # Panics
    /// The column may be empty. In a constant, where it belongs, that is a compile error.
    #[must_use]
    pub const fn key(mut self) -> Self {
        assert!(
            !self.is_nullable,
            "a key is never empty, so it cannot be an `Option`: use the type inside"
        );
        self.is_key = true;
        self
    }

    /// The column with an index.
    #[must_use]
    pub const fn indexed(mut self) -> Self {
        self.is_indexed = true;
        self
    }
}

/// What is in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Text; at most 255 characters where it is part of the key or has an index.
    Text,
    /// An integer of 64 bits with a sign.
    Integer,
    /// A floating-point number of 64 bits.
    Real,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A moment, in microseconds, UTC.
    Time,
    /// A UUID.
    Uuid,
    /// JSON of any shape.
    Json,
}

/// A type that a column can hold.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type that a column can hold",
    label = "needs a `ColumnType`",
    note = "columns hold text, integers, `f64`, `bool`, `NaiveDate`, `DateTime<Utc>`, `Uuid` and `Option`s of them; implement `ColumnType` for a newtype around one, or write `#[read_model(json)]` on the field"
)]
pub trait ColumnType {
    /// What the column holds.
    const KIND: ColumnKind;
    /// Whether it may hold nothing.
    const IS_NULLABLE: bool = false;
}

macro_rules! column_types {
    ($($kind:ident: $($ty:ty),*;)*) => {$($(
        impl ColumnType for $ty {
            const KIND: ColumnKind = ColumnKind::$kind;
        }
    )*)*};
}

column_types! {
    Text: String;
    Integer: i8, i16, i32, i64, u8, u16, u32, u64;
    Real: f64;
    Boolean: bool;
    Date: NaiveDate;
    Time: DateTime<Utc>;
    Uuid: Uuid;
}

impl<T: ColumnType> ColumnType for Option<T> {
    const KIND: ColumnKind = T::KIND;
    const IS_NULLABLE: bool = true;
}
