//! The types of the standard library and of common crates, as serde writes them.

#[cfg(feature = "rust_decimal")]
mod rust_decimal;
#[cfg(feature = "time")]
mod time;
#[cfg(feature = "url")]
mod url;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, Saturating, Wrapping,
};
use std::ops::{Bound, Range, RangeFrom, RangeInclusive, RangeTo};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic;

use rehydrate_port::{Position, SchemaVersion, Version};

use super::describe::{Describe, FieldSchema, Shape, Tagging, TypeSchema, VariantSchema};

macro_rules! values {
    ($($kind:literal: $($ty:ty),+;)*) => {$($(
        impl Describe for $ty {
            const TYPE: TypeSchema = TypeSchema::Value($kind);
        }
    )+)*};
}

values! {
    "bool": bool, atomic::AtomicBool;
    "u8": u8, atomic::AtomicU8;
    "u16": u16, atomic::AtomicU16;
    "u32": u32, atomic::AtomicU32, SchemaVersion;
    "u64": u64, usize, atomic::AtomicUsize, Position, Version;
    "u128": u128;
    "i8": i8, atomic::AtomicI8;
    "i16": i16, atomic::AtomicI16;
    "i32": i32, atomic::AtomicI32;
    "i64": i64, isize, atomic::AtomicIsize;
    "i128": i128;
    "u8 but 0": NonZeroU8;
    "u16 but 0": NonZeroU16;
    "u32 but 0": NonZeroU32;
    "u64 but 0": NonZeroU64, NonZeroUsize;
    "u128 but 0": NonZeroU128;
    "i8 but 0": NonZeroI8;
    "i16 but 0": NonZeroI16;
    "i32 but 0": NonZeroI32;
    "i64 but 0": NonZeroI64, NonZeroIsize;
    "i128 but 0": NonZeroI128;
    "f32": f32;
    "f64": f64;
    "char": char;
    "string": str, String;
    "path": std::path::Path, std::path::PathBuf;
    "ip": std::net::IpAddr;
    "ipv4": std::net::Ipv4Addr;
    "ipv6": std::net::Ipv6Addr;
    "socket": std::net::SocketAddr;
    "socket v4": std::net::SocketAddrV4;
    "socket v6": std::net::SocketAddrV6;
    "null": ();
    "any": serde_json::Value;
    "number": serde_json::Number;
    "uuid": uuid::Uuid;
    "date": chrono::NaiveDate;
    "time": chrono::NaiveTime;
    "date-time without zone": chrono::NaiveDateTime;
    "weekday": chrono::Weekday;
    "month": chrono::Month;
}

#[cfg(target_has_atomic = "64")]
values! {
    "u64": atomic::AtomicU64;
    "i64": atomic::AtomicI64;
}

impl<Zone: chrono::TimeZone> Describe for chrono::DateTime<Zone> {
    const TYPE: TypeSchema = TypeSchema::Value("date-time");
}

const fn value(key: &'static str, kind: &'static str) -> FieldSchema {
    field(key, kind, TypeSchema::Value(kind))
}

const fn field(key: &'static str, ty: &'static str, shape: TypeSchema) -> FieldSchema {
    FieldSchema {
        name: key,
        key,
        aliases: &[],
        ty,
        shape,
        has_default: false,
        is_flattened: false,
        note: "",
    }
}

const fn variant(key: &'static str, content: Shape) -> VariantSchema {
    VariantSchema {
        name: key,
        key,
        aliases: &[],
        content,
        note: "",
    }
}

const fn holding(name: &'static str, shape: TypeSchema) -> Shape {
    Shape::Type { name, shape }
}

impl Describe for std::time::Duration {
    const TYPE: TypeSchema = TypeSchema::Struct {
        name: "Duration",
        fields: &[value("secs", "u64"), value("nanos", "u32")],
        note: "",
    };
}

impl Describe for std::time::SystemTime {
    const TYPE: TypeSchema = TypeSchema::Struct {
        name: "SystemTime",
        fields: &[
            value("secs_since_epoch", "u64"),
            value("nanos_since_epoch", "u32"),
        ],
        note: "",
    };
}

impl Describe for chrono::TimeDelta {
    const TYPE: TypeSchema =
        TypeSchema::Tuple(&[TypeSchema::Value("i64"), TypeSchema::Value("i32")]);
}

impl Describe for serde_json::Map<String, serde_json::Value> {
    const TYPE: TypeSchema = <BTreeMap<String, serde_json::Value>>::TYPE;
}

impl Describe for std::ffi::CString {
    const TYPE: TypeSchema = <Vec<u8>>::TYPE;
}

impl Describe for std::ffi::OsString {
    const TYPE: TypeSchema = TypeSchema::Enum {
        name: "OsString",
        tagging: Tagging::External,
        variants: &[
            variant("Unix", holding("Vec<u8>", <Vec<u8>>::TYPE)),
            variant("Windows", holding("Vec<u16>", <Vec<u16>>::TYPE)),
        ],
    };
}

impl<T: Describe> Describe for Option<T> {
    const TYPE: TypeSchema = TypeSchema::Optional(&T::TYPE);
}

macro_rules! transparent {
    (sized $($ty:ty),* $(,)?) => {$(
        impl<T: Describe> Describe for $ty {
            const TYPE: TypeSchema = T::TYPE;
        }
    )*};
    ($($ty:ty),* $(,)?) => {$(
        impl<T: Describe + ?Sized> Describe for $ty {
            const TYPE: TypeSchema = T::TYPE;
        }
    )*};
}

transparent!(
    &T,
    Box<T>,
    Rc<T>,
    Arc<T>,
    std::cell::RefCell<T>,
    std::sync::Mutex<T>,
    std::sync::RwLock<T>,
);
transparent!(sized std::cell::Cell<T>, Wrapping<T>, Saturating<T>, std::cmp::Reverse<T>);

impl<T: Describe + ToOwned + ?Sized> Describe for Cow<'_, T> {
    const TYPE: TypeSchema = T::TYPE;
}

impl<T: ?Sized> Describe for std::marker::PhantomData<T> {
    const TYPE: TypeSchema = TypeSchema::Value("null");
}

macro_rules! lists {
    ($kind:ident: $($ty:ident $(<$hasher:ident>)?),*) => {$(
        impl<T: Describe $(, $hasher)?> Describe for $ty<T $(, $hasher)?> {
            const TYPE: TypeSchema = TypeSchema::$kind(&T::TYPE);
        }
    )*};
}

lists!(List: Vec, VecDeque, LinkedList, BinaryHeap);
lists!(Set: BTreeSet, HashSet<S>);

impl<T: Describe> Describe for [T] {
    const TYPE: TypeSchema = TypeSchema::List(&T::TYPE);
}

impl<T: Describe, const N: usize> Describe for [T; N] {
    const TYPE: TypeSchema = TypeSchema::Array {
        of: &T::TYPE,
        length: N,
    };
}

impl<K: Describe, V: Describe> Describe for BTreeMap<K, V> {
    const TYPE: TypeSchema = TypeSchema::Map {
        key: &K::TYPE,
        value: &V::TYPE,
    };
}

impl<K: Describe, V: Describe, S> Describe for HashMap<K, V, S> {
    const TYPE: TypeSchema = TypeSchema::Map {
        key: &K::TYPE,
        value: &V::TYPE,
    };
}

impl<T: Describe, E: Describe> Describe for Result<T, E> {
    const TYPE: TypeSchema = TypeSchema::Enum {
        name: "Result",
        tagging: Tagging::External,
        variants: &[
            variant("Ok", holding("T", T::TYPE)),
            variant("Err", holding("E", E::TYPE)),
        ],
    };
}

impl<T: Describe> Describe for Bound<T> {
    const TYPE: TypeSchema = TypeSchema::Enum {
        name: "Bound",
        tagging: Tagging::External,
        variants: &[
            variant("Unbounded", Shape::Unit),
            variant("Included", holding("T", T::TYPE)),
            variant("Excluded", holding("T", T::TYPE)),
        ],
    };
}

macro_rules! ranges {
    ($($range:ident: $($key:literal),+;)*) => {$(
        impl<T: Describe> Describe for $range<T> {
            const TYPE: TypeSchema = TypeSchema::Struct {
                name: stringify!($range),
                fields: &[$(field($key, "T", T::TYPE)),+],
                note: "",
            };
        }
    )*};
}

ranges! {
    Range: "start", "end";
    RangeInclusive: "start", "end";
    RangeFrom: "start";
    RangeTo: "end";
}

macro_rules! tuples {
    ($(($($part:ident)+))*) => {$(
        impl<$($part: Describe),+> Describe for ($($part,)+) {
            const TYPE: TypeSchema = TypeSchema::Tuple(&[$($part::TYPE),+]);
        }
    )*};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H)
    (A B C D E F G H I) (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
    (A B C D E F G H I J K L M) (A B C D E F G H I J K L M N) (A B C D E F G H I J K L M N O)
    (A B C D E F G H I J K L M N O P)
}
