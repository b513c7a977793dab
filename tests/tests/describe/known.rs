//! The types of the standard library and of common crates.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CString, OsString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZero, Saturating, Wrapping};
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI16, AtomicU64};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, FixedOffset, Utc};
use proptest::prelude::{ProptestConfig, any, proptest};
use rehydrate::{Position, SchemaVersion, Version};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};
use url::Url;
use uuid::Uuid;

use crate::law::{obeys, writes};

#[test]
fn what_the_standard_library_has_is_written_as_described() {
    obeys(&(true, 'ä', 1.5_f32, -1.5_f64, "text".to_owned(), ()));
    obeys(&(
        u8::MAX,
        u16::MAX,
        u32::MAX,
        u64::MAX,
        u128::from(u64::MAX),
        usize::MAX,
    ));
    obeys(&(
        i8::MIN,
        i16::MIN,
        i32::MIN,
        i64::MIN,
        i128::from(i64::MIN),
        isize::MIN,
    ));
    obeys(&(
        NonZero::<u8>::MIN,
        NonZero::<i64>::MIN,
        NonZero::<usize>::MAX,
        NonZero::<u128>::MIN,
    ));
    obeys(&(AtomicBool::new(true), AtomicI16::new(-1), AtomicU64::new(1)));
    obeys(&(Wrapping(1_u8), Saturating(2_i8), Reverse(3_u16)));
    obeys(&(
        Cell::new(1_u8),
        RefCell::new(2_u8),
        Mutex::new(3_u8),
        RwLock::new(Some(4_u8)),
    ));
    obeys(&(
        PathBuf::from("/a"),
        Cow::Borrowed("text"),
        Box::<str>::from("text"),
    ));
    obeys(&(
        OsString::from("text"),
        CString::from(c"text"),
        Duration::new(1, 2),
    ));
    obeys(&(SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789)));
    obeys(&(
        IpAddr::from([127, 0, 0, 1]),
        Ipv4Addr::LOCALHOST,
        Ipv6Addr::LOCALHOST,
    ));
    obeys(&(
        SocketAddr::from(([1, 2, 3, 4], 5)),
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1),
        SocketAddrV6::new(Ipv6Addr::LOCALHOST, 1, 0, 0),
    ));
    obeys(&(1_u8..3, 1_u8..=3, 1_u8.., ..3_u8));
    obeys(&(
        Bound::Included(1_u8),
        Bound::Excluded(2_u8),
        Bound::<u8>::Unbounded,
    ));
    obeys(&(Ok::<u8, String>(1), Err::<u8, String>("a".to_owned())));
    obeys(&(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    writes(&"text");
    writes(&[1_u8, 2].as_slice());
}

#[test]
fn what_common_crates_have_is_written_as_described() {
    let epoch = DateTime::<Utc>::UNIX_EPOCH;
    obeys(&(epoch, epoch.naive_utc(), epoch.date_naive(), epoch.time()));
    obeys::<DateTime<FixedOffset>>(&epoch.into());
    obeys(&(
        chrono::Weekday::Tue,
        chrono::Month::May,
        chrono::TimeDelta::milliseconds(-1),
    ));
    obeys(&(Uuid::from_u128(7), Decimal::new(1250, 2)));
    obeys(&(
        json!({ "a": [1, null] }),
        Number::from(1),
        Map::from_iter([("a".to_owned(), Value::Null)]),
    ));
    obeys(&"https://example.com/a?b=c".parse::<Url>().expect("an URL"));
    obeys(&(Version(1), Position(2), SchemaVersion(3)));
    let unix = time::OffsetDateTime::UNIX_EPOCH;
    obeys(&(
        unix,
        unix.date(),
        unix.time(),
        unix.offset(),
        time::Duration::DAY,
    ));
    obeys(&(
        time::PrimitiveDateTime::MIN,
        time::Weekday::Friday,
        time::Month::May,
    ));
}

#[test]
fn collections_are_written_as_described() {
    let parts = [1_u8, 2];
    obeys(&(
        Vec::from(parts),
        VecDeque::from(parts),
        LinkedList::from(parts),
        parts,
    ));
    obeys(&(
        BTreeSet::from(parts),
        HashSet::from([1_u8]),
        BinaryHeap::from([1_u8]),
    ));
    obeys(&(BTreeMap::from([(1_u8, 'a')]), HashMap::from([('a', 1_u8)])));
    obeys(&BTreeMap::from([(Uuid::nil(), Some(1_u8))]));
    obeys(&(Vec::<u8>::new(), [0_u8; 0], None::<Vec<u8>>));
}

type Nested = BTreeMap<String, Vec<Option<(i16, Box<Result<u64, [u8; 2]>>)>>>;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn values_of_any_size_are_written_as_described(value in any::<(Nested, BTreeSet<i8>, bool)>()) {
        obeys(&value);
    }
}
