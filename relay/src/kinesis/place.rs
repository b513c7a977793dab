//! How far the shards of a stream were read, and the text of it.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use rehydrate::Offset;

use super::sequence::Sequence;

/// `from:<microseconds>`, before the shards.
const FROM: &str = "from";
const START: &str = "start";
const END: &str = "end";
/// Times are rounded down to so many seconds, so that an offset does not change all the time where
/// nothing happens.
const ROUNDED: i64 = 600;

/// Where a shard is read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing was read yet.
    Start,
    After(Sequence),
    /// It is closed, and was read to its end.
    Finished,
}

/// How far a shard was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) place: Place,
    /// What it had got by then was read.
    pub(super) until: Option<DateTime<Utc>>,
}

impl Progress {
    pub(super) const START: Self = Self {
        place: Place::Start,
        until: None,
    };
}

/// How far a stream was read: what an offset says.
///
/// `[from:<microseconds>,]<shard>:<sequence or start or end>[@<seconds>],…`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// What is older is passed over.
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) shards: BTreeMap<String, Progress>,
}

impl Places {
    /// The shards in their order, as an offset.
    pub(super) fn offset<'a>(
        from: Option<DateTime<Utc>>,
        shards: impl Iterator<Item = (&'a str, &'a Progress)>,
    ) -> Offset {
        let mut items = Vec::new();
        items.extend(from.map(|from| format!("{FROM}:{}", from.timestamp_micros())));
        items.extend(shards.map(|(shard, Progress { place, until })| {
            let place = match place {
                Place::Start => START,
                Place::After(sequence) => sequence.as_str(),
                Place::Finished => END,
            };
            let mut item = format!("{shard}:{place}");
            if let Some(until) = until.filter(|_| *place != *END) {
                let seconds = until.timestamp();
                // Writing to a `String` cannot fail.
                let _ = write!(item, "@{}", seconds - seconds.rem_euclid(ROUNDED));
            }
            item
        }));
        Offset(items.join(","))
    }

    /// What an offset says, or what it should look like.
    pub(super) fn parse(offset: &Offset) -> Result<Self, &'static str> {
        const FORM: &str =
            "it should look like `shardId-000000000000:<sequence number>,…`, as a reader gives it";
        let mut places = Self::default();
        for item in offset.0.split(',') {
            let (name, value) = item.split_once(':').ok_or(FORM)?;
            if name == FROM {
                let micros = value.parse().map_err(|_| FORM)?;
                places.from = Some(DateTime::from_timestamp_micros(micros).ok_or(FORM)?);
                continue;
            }
            let (place, until) = match value.split_once('@') {
                Some((place, until)) => (place, Some(until)),
                None => (value, None),
            };
            let until = match until.map(str::parse) {
                None => None,
                Some(Ok(seconds)) => Some(DateTime::from_timestamp(seconds, 0).ok_or(FORM)?),
                Some(Err(_)) => return Err(FORM),
            };
            let place = match place {
                START => Place::Start,
                END => Place::Finished,
                sequence => Place::After(Sequence::parse(sequence).ok_or(FORM)?),
            };
            let progress = Progress { place, until };
            if places.shards.insert(name.to_owned(), progress).is_some() {
                return Err("it has a shard twice");
            }
        }
        Ok(places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(places: &Places) -> String {
        let shards = places.shards.iter();
        Places::offset(places.from, shards.map(|(shard, it)| (shard.as_str(), it))).0
    }

    #[test]
    fn an_offset_says_how_far_every_shard_was_read() {
        let offset = "shardId-000000000000:495903@1700000400,shardId-000000000001:end,\
                      shardId-000000000002:start,shardId-000000000003:7";
        for offset in [offset.to_owned(), format!("from:1700000000123456,{offset}")] {
            let places = Places::parse(&Offset(offset.clone())).expect("it is one");
            assert_eq!(text(&places), offset);
        }
    }

    #[test]
    fn the_time_in_an_offset_is_rounded_down_to_ten_minutes() {
        let mut places = Places::default();
        let until = DateTime::from_timestamp(1_700_000_999, 5);
        let place = Place::Start;
        places
            .shards
            .insert("a".to_owned(), Progress { place, until });
        assert_eq!(text(&places), "a:start@1700000400");
    }

    #[test]
    fn what_is_no_offset_is_refused() {
        for wrong in [
            "", "x", "17", "a:", "a:-1", "a:1@x", "from:x", "a:1,a:1", "a:1,",
        ] {
            assert!(Places::parse(&Offset(wrong.to_owned())).is_err(), "{wrong}");
        }
    }
}
