//! `time`.

use crate::schema::{Describe, TypeSchema};

macro_rules! values {
    ($($kind:literal: $ty:ty;)*) => {$(
        impl Describe for $ty {
            const TYPE: TypeSchema = TypeSchema::Value($kind);
        }
    )*};
}

// Their serde form is the crate's own: an array of numbers, or a text that is not RFC 3339 with its
// feature `serde-human-readable`, which a description cannot see. A field `with = "time::serde::…"`
// is told by that attribute.
values! {
    "date of the time crate": time::Date;
    "time of the time crate": time::Time;
    "date-time without zone of the time crate": time::PrimitiveDateTime;
    "date-time of the time crate": time::OffsetDateTime;
    "offset of the time crate": time::UtcOffset;
    "duration of the time crate": time::Duration;
    "weekday of the time crate": time::Weekday;
    "month of the time crate": time::Month;
}
