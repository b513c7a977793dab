//! What is kept of read models that come from a source, and of relays.

use std::collections::BTreeMap;

use rehydrate_port::{FeedPlace, LastFed, Position, RelayRecord, StreamId, WaitingEvent};

use super::changes::{Changes, merged};
use super::kept::Kept;

impl Changes {
    pub(super) fn feed(&self, kept: &Kept, consumer: &str, build: u32) -> Option<FeedPlace> {
        let key = (consumer.to_owned(), build);
        let changed = self.feeds.get(&key);
        changed.or_else(|| kept.feeds.get(&key)).cloned()
    }

    pub(super) fn relay(&self, kept: &Kept, consumer: &str, build: u32) -> Option<RelayRecord> {
        let key = (consumer.to_owned(), build);
        let changed = self.relays.get(&key);
        changed.or_else(|| kept.relays.get(&key)).cloned()
    }

    pub(super) fn put_relay(&mut self, record: &RelayRecord) {
        let key = (record.consumer.clone(), record.build);
        self.relays.insert(key, record.clone());
    }

    pub(super) fn put_feed(&mut self, place: &FeedPlace) {
        let key = (place.consumer.clone(), place.build);
        self.feeds.insert(key, place.clone());
    }

    pub(super) fn last_fed(
        &self,
        kept: &Kept,
        consumer: &str,
        build: u32,
        streams: &[StreamId],
    ) -> Vec<LastFed> {
        let found = streams.iter().filter_map(|stream| {
            let key = (consumer.to_owned(), build, stream.clone());
            self.fed.get(&key).or_else(|| kept.fed.get(&key)).cloned()
        });
        found.collect()
    }

    pub(super) fn put_last_fed(&mut self, consumer: &str, build: u32, last: &[LastFed]) {
        for last in last {
            let key = (consumer.to_owned(), build, last.stream.clone());
            self.fed.insert(key, last.clone());
        }
    }

    pub(super) fn fed_further(&self, kept: &Kept, consumer: &str, build: u32, than: u32) -> u64 {
        let of_build = |build: u32| -> BTreeMap<&StreamId, &LastFed> {
            let over = self.fed.iter().map(|(key, last)| (key, Some(last)));
            merged(kept.fed.iter(), over)
                .filter(|(key, _)| key.0 == consumer && key.1 == build)
                .map(|(key, last)| (&key.2, last))
                .collect()
        };
        let other = of_build(than);
        let further = of_build(build).into_iter().filter(|(stream, last)| {
            let other = other.get(stream);
            other.is_none_or(|other| (other.version, other.part) < (last.version, last.part))
        });
        further.count() as u64
    }

    pub(super) fn waiting<'a>(
        &'a self,
        kept: &'a Kept,
        consumer: &str,
        build: u32,
    ) -> impl Iterator<Item = &'a WaitingEvent> {
        let begin = (consumer.to_owned(), build, Position::ZERO);
        let end = (consumer.to_owned(), build, Position(u64::MAX));
        let over = self.waiting.range(begin.clone()..=end.clone());
        let over = over.map(|(key, event)| (key, event.as_ref()));
        merged(kept.waiting.range(begin..=end), over).map(|(_, event)| event)
    }
}
