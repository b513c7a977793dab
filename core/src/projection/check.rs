//! Whether a table can hold a row, without writing it there.
//!
//! A batch writes what its last event has made of a row. An event in between that makes something
//! of it that the table cannot hold must be noticed when it is applied, or else it would be parked
//! in a small batch and taken in a large one. So the row's own `Serialize` is run over a serializer
//! that looks, and keeps nothing.

use std::fmt::{self, Display};

use rehydrate_port::{BoxError, Column, ColumnKind, Table};
use serde::Serialize;
use serde::ser::{self, Impossible, SerializeStruct, Serializer};

/// How many characters a column of text may have that is part of the key or has an index.
const LONGEST_KEY: usize = 255;

/// Refuses a row that the table cannot hold.
///
/// A row that does not write itself as a struct, as with `#[serde(flatten)]`, is not looked at, and
/// is refused when it is written.
pub(super) fn check_row(table: &Table, row: &impl Serialize) -> Result<(), BoxError> {
    match row.serialize(OfRow(table)) {
        Ok(()) | Err(Unfit::Unseen) => Ok(()),
        Err(Unfit::Refused(reason)) => Err(reason.into()),
    }
}

/// Why a serializer has stopped.
#[derive(Debug)]
enum Unfit {
    Refused(String),
    /// It is of a form that is not looked at.
    Unseen,
}

impl Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => f.write_str(reason),
            Self::Unseen => f.write_str("it is not looked at"),
        }
    }
}

impl std::error::Error for Unfit {}

impl ser::Error for Unfit {
    fn custom<T: Display>(message: T) -> Self {
        Self::Refused(message.to_string())
    }
}

type Outcome = Result<(), Unfit>;
type Never = Impossible<(), Unfit>;

/// Methods of a serializer: `$name(a type, …) = what comes of it`.
macro_rules! methods {
    ($($name:ident($($type:ty),*) -> $answer:ty = $outcome:expr;)*) => {
        $(fn $name(self, $(_: $type),*) -> Result<$answer, Unfit> { $outcome })*
    };
}

/// What both serializers have no eye for: lists, maps and enums with something in them.
macro_rules! unseen {
    () => {
        type SerializeSeq = Never;
        type SerializeTuple = Never;
        type SerializeTupleStruct = Never;
        type SerializeTupleVariant = Never;
        type SerializeMap = Never;
        type SerializeStructVariant = Never;

        methods! {
            serialize_seq(Option<usize>) -> Never = Err(Unfit::Unseen);
            serialize_tuple(usize) -> Never = Err(Unfit::Unseen);
            serialize_tuple_struct(&'static str, usize) -> Never = Err(Unfit::Unseen);
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never =
                Err(Unfit::Unseen);
            serialize_map(Option<usize>) -> Never = Err(Unfit::Unseen);
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never =
                Err(Unfit::Unseen);
            serialize_bytes(&[u8]) -> () = Err(Unfit::Unseen);
        }

        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Outcome {
            Err(Unfit::Unseen)
        }

        fn serialize_newtype_struct<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            value: &T,
        ) -> Outcome {
            value.serialize(self)
        }

        fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
            value.serialize(self)
        }
    };
}

struct OfRow<'a>(&'a Table);

impl<'a> Serializer for OfRow<'a> {
    type Ok = ();
    type Error = Unfit;
    type SerializeStruct = Fields<'a>;

    unseen!();

    methods! {
        serialize_bool(bool) -> () = Err(Unfit::Unseen);
        serialize_i8(i8) -> () = Err(Unfit::Unseen);
        serialize_i16(i16) -> () = Err(Unfit::Unseen);
        serialize_i32(i32) -> () = Err(Unfit::Unseen);
        serialize_i64(i64) -> () = Err(Unfit::Unseen);
        serialize_u8(u8) -> () = Err(Unfit::Unseen);
        serialize_u16(u16) -> () = Err(Unfit::Unseen);
        serialize_u32(u32) -> () = Err(Unfit::Unseen);
        serialize_u64(u64) -> () = Err(Unfit::Unseen);
        serialize_f32(f32) -> () = Err(Unfit::Unseen);
        serialize_f64(f64) -> () = Err(Unfit::Unseen);
        serialize_char(char) -> () = Err(Unfit::Unseen);
        serialize_str(&str) -> () = Err(Unfit::Unseen);
        serialize_none() -> () = Err(Unfit::Unseen);
        serialize_unit() -> () = Err(Unfit::Unseen);
        serialize_unit_struct(&'static str) -> () = Err(Unfit::Unseen);
        serialize_unit_variant(&'static str, u32, &'static str) -> () = Err(Unfit::Unseen);
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, Unfit> {
        Ok(Fields {
            table: self.0,
            next: 0,
        })
    }
}

/// The fields of a row, which come in the order of the columns for the most part.
struct Fields<'a> {
    table: &'a Table,
    next: usize,
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Outcome {
        let expected = self.table.columns.get(self.next);
        let column = expected
            .filter(|column| column.name == name)
            .or_else(|| self.table.column(name));
        self.next += 1;
        match column {
            Some(column) if column.kind != ColumnKind::Json => {
                match value.serialize(OfColumn(column)) {
                    Err(Unfit::Unseen) => Ok(()),
                    outcome => outcome,
                }
            }
            _ => Ok(()),
        }
    }

    fn end(self) -> Outcome {
        Ok(())
    }
}

/// The value of a column, which is not one of JSON.
#[derive(Clone, Copy)]
struct OfColumn<'a>(&'a Column);

impl OfColumn<'_> {
    fn refuse(self, why: &str) -> Outcome {
        Err(Unfit::Refused(format!("column `{}` {why}", self.0.name)))
    }

    fn null(self) -> Outcome {
        if self.0.is_nullable && !self.0.is_key {
            return Ok(());
        }
        self.refuse("must hold something")
    }

    fn integer(self, is_one: bool) -> Outcome {
        if is_one || self.0.kind != ColumnKind::Integer {
            return Ok(());
        }
        self.refuse("holds integers of 64 bits with a sign")
    }

    fn text(self, text: &str) -> Outcome {
        let is_short = self.0.is_key || self.0.is_indexed;
        if self.0.kind != ColumnKind::Text {
            Ok(())
        } else if text.contains('\0') {
            self.refuse("holds no NUL characters")
        } else if is_short && text.len() > LONGEST_KEY && text.chars().count() > LONGEST_KEY {
            self.refuse("holds at most 255 characters")
        } else {
            Ok(())
        }
    }
}

impl Serializer for OfColumn<'_> {
    type Ok = ();
    type Error = Unfit;
    type SerializeStruct = Never;

    unseen!();

    methods! {
        serialize_bool(bool) -> () = Ok(());
        serialize_i8(i8) -> () = Ok(());
        serialize_i16(i16) -> () = Ok(());
        serialize_i32(i32) -> () = Ok(());
        serialize_i64(i64) -> () = Ok(());
        serialize_u8(u8) -> () = Ok(());
        serialize_u16(u16) -> () = Ok(());
        serialize_u32(u32) -> () = Ok(());
        serialize_f32(f32) -> () = Ok(());
        serialize_char(char) -> () = Ok(());
        serialize_struct(&'static str, usize) -> Never = Err(Unfit::Unseen);
    }

    fn serialize_u64(self, value: u64) -> Outcome {
        self.integer(i64::try_from(value).is_ok())
    }

    // JSON has no such number, and writes that nothing is there.
    fn serialize_f64(self, value: f64) -> Outcome {
        if value.is_finite() {
            Ok(())
        } else {
            self.null()
        }
    }

    fn serialize_str(self, text: &str) -> Outcome {
        self.text(text)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Outcome {
        self.text(name)
    }

    fn serialize_none(self) -> Outcome {
        self.null()
    }

    fn serialize_unit(self) -> Outcome {
        self.null()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Outcome {
        self.null()
    }

    /// Times, days and UUIDs write themselves so: they fit, and need not become text for that.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Outcome {
        match self.0.kind {
            ColumnKind::Text => self.text(&value.to_string()),
            _ => Ok(()),
        }
    }
}
