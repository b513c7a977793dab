//! A log of any length, and who writes to it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt as _;
use rehydrate::{
    Batch, EventRow, EventStore, Expected, NewEvent, Page, Position, RecordedTime, SchemaVersion,
    StreamId, StreamQuery, Version,
};
use uuid::Uuid;

/// How many events an account has, and how many accounts get theirs at the same time.
pub(crate) const EVENTS: usize = 100;
const TOGETHER: u64 = 100;

const EACH: u64 = EVENTS as u64;
const PAYLOAD: &str = r#"{"tx_id":1000042,"amount":4711,"currency":"EUR","memo":"invoice 004711 of the year before","at":1754500042000}"#;

/// Goes on with the log, from so many events to so many.
pub(crate) async fn fill(store: &Arc<dyn EventStore>, filled: u64, goal: u64) {
    let noon: DateTime<Utc> = "2016-03-01T12:00:00Z".parse().expect("a time");
    // What writers have appended meanwhile is in between.
    let head = store.watermark().await.expect("there is one").get();
    let mut number = filled;
    while number < goal {
        let mut page = Page::new();
        while number < goal && page.len() < 5_000 {
            let (stream_id, version) = nth(number);
            page.push(&EventRow {
                category: "account",
                stream_id: &stream_id,
                version: Version::new(version),
                position: Position::new(head + number - filled + 1),
                event_type: "deposited",
                schema_version: SchemaVersion::new(1),
                payload: PAYLOAD,
                metadata: None,
                event_id: Uuid::now_v7(),
                recorded_at: noon + TimeDelta::milliseconds(number.cast_signed()),
            });
            number += 1;
        }
        store.import(&page).await.expect("the log goes on");
    }
}

/// The account and the version of an event.
fn nth(number: u64) -> (String, u64) {
    let (generation, within) = (number / (TOGETHER * EACH), number % (TOGETHER * EACH));
    let account = generation * TOGETHER + within % TOGETHER;
    (account.to_string(), within / TOGETHER + 1)
}

/// A number below `end`, another one each time, all over the place.
pub(crate) fn anywhere(end: u64, number: u64) -> u64 {
    let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)) % end
}

/// The accounts of a log of so many events.
pub(crate) fn accounts(size: u64) -> Range<u64> {
    0..size / EACH
}

/// Those whose events are the last of it.
pub(crate) fn accounts_of_the_moment(size: u64) -> Range<u64> {
    let end = accounts(size).end;
    end.saturating_sub(TOGETHER)..end
}

pub(crate) fn account_anywhere(size: u64, number: u64) -> StreamId {
    account(anywhere(accounts(size).end, number))
}

fn account(number: u64) -> StreamId {
    StreamId::new("account", number.to_string()).expect("a name")
}

/// One of those who write at the same time, each to accounts of its own.
pub(crate) struct Writer {
    store: Arc<dyn EventStore>,
    accounts: Range<u64>,
    writers: u64,
    number: u64,
    appended: u64,
    versions: HashMap<StreamId, Version>,
}

impl Writer {
    pub(crate) fn new(
        store: Arc<dyn EventStore>,
        accounts: &Range<u64>,
        writers: u64,
        number: u64,
    ) -> Self {
        Self {
            store,
            accounts: accounts.clone(),
            writers,
            number,
            appended: 0,
            versions: HashMap::new(),
        }
    }

    /// Appends one event to one of its accounts, and says how long that took.
    pub(crate) async fn append(&mut self) -> Duration {
        let all = self.accounts.end - self.accounts.start;
        let of_mine = (all / self.writers).max(1);
        let chosen = anywhere(of_mine, self.appended) * self.writers + self.number;
        self.appended += 1;
        let stream = account(self.accounts.start + chosen);
        let version = match self.versions.get(&stream) {
            Some(version) => *version,
            None => self.last_version(&stream).await,
        };
        let event = NewEvent::new("deposited", SchemaVersion::new(1), PAYLOAD);
        let batch = Batch::new(vec![event], RecordedTime::Clock(Utc::now()));
        let begun = Instant::now();
        let appended = self
            .store
            .append(&stream, Expected::Exactly(version), &batch)
            .await;
        let taken = begun.elapsed();
        let version = appended.expect("nobody else writes to it").version;
        self.versions.insert(stream, version);
        taken
    }

    async fn last_version(&self, stream: &StreamId) -> Version {
        let mut last = Version::new(EACH);
        let query = StreamQuery {
            after: last,
            ..StreamQuery::new(stream.clone())
        };
        let mut pages = self.store.read(&query).await.expect("it is there").pages;
        while let Some(page) = pages.next().await {
            let page = page.expect("its events can be read");
            last = page.last().map_or(last, |event| event.version);
        }
        last
    }
}
