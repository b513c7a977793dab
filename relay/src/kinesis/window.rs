//! What of a batch is to be sent next: pure, so that it can be tested without a service.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use rehydrate::{Message, PublishError};
use tokio::time::Instant;

use super::link::check_name;
use super::record::Record;
use super::sequence::Sequence;

/// A request has at most so many records.
const MOST_RECORDS: usize = 500;
/// A batch is shared out among the requests that it may have at the same time, but not in less than
/// this.
const LEAST_RECORDS: usize = 100;
/// And at most so many bytes, unless it has a single record: AWS takes 10 MiB by now, others 5 MiB.
const MOST_BYTES: usize = 5 * 1024 * 1024;
/// A request is sent so often in all while nobody answers.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The messages of a batch. Of each key, one at a time is on its way.
pub(super) struct Window<'a> {
    batch: &'a [Message],
    /// The places of what is still to come, of each key.
    keys: Vec<VecDeque<usize>>,
    /// Where the last record of each key is.
    last: Vec<Option<Last>>,
    ready: VecDeque<Entry>,
    delayed: Vec<(Instant, Entry)>,
    outcomes: Vec<Result<(), PublishError>>,
    patience: Duration,
    /// Nobody answers: nothing more of this batch is sent.
    is_away: bool,
}

/// A record that was stored.
struct Last {
    topic: String,
    shard: String,
    sequence: Sequence,
}

/// A message that is to be sent, or on its way.
#[derive(Debug)]
pub(super) struct Entry {
    number: usize,
    key: usize,
    topic: String,
    pub(super) record: Record,
    /// When it was sent for the first time.
    begun: Option<Instant>,
    /// How often nobody has answered.
    unanswered: u32,
    pause: Duration,
    /// In a request of its own, because one that held it was not taken as it was.
    is_alone: bool,
}

/// Records of one stream, and of each key at most one.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) topic: String,
    pub(super) entries: Vec<Entry>,
}

/// What has come of a record.
#[derive(Debug)]
pub(super) enum Answer {
    /// It is in this shard, with this number.
    Stored(String, Option<Sequence>),
    /// It was not taken this time; this is the outcome once the patience is over.
    Again(PublishError),
    /// Nobody has answered; this is the outcome if nobody does.
    Away(PublishError),
    /// Something in the request was not taken; this is the outcome if it is this record.
    Alone(PublishError),
    /// It will not be otherwise.
    Final(PublishError),
}

impl<'a> Window<'a> {
    pub(super) fn new(batch: &'a [Message], patience: Duration) -> Self {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut keys: Vec<VecDeque<usize>> = Vec::new();
        for (number, message) in batch.iter().enumerate() {
            let place = *places.entry(&message.key).or_insert(keys.len());
            match keys.get_mut(place) {
                Some(key) => key.push_back(number),
                None => keys.push(VecDeque::from([number])),
            }
        }
        let mut window = Self {
            batch,
            last: keys.iter().map(|_| None).collect(),
            ready: VecDeque::with_capacity(keys.len()),
            delayed: Vec::new(),
            outcomes: batch.iter().map(|_| Err(PublishError::NotSent)).collect(),
            patience,
            is_away: false,
            keys,
        };
        for key in 0..window.keys.len() {
            window.advance(key);
        }
        window
    }

    /// The next request, if something can be sent now.
    ///
    /// So many more may be on their way beside it.
    pub(super) fn request(&mut self, now: Instant, beside: usize) -> Option<Request> {
        for number in (0..self.delayed.len()).rev() {
            if self.delayed.get(number).is_some_and(|(due, _)| *due <= now) {
                let (_, entry) = self.delayed.swap_remove(number);
                self.ready.push_back(entry);
            }
        }
        let most = self.ready.len().div_ceil(beside + 1);
        let most = most.clamp(LEAST_RECORDS, MOST_RECORDS);
        let first = self.ready.pop_front()?;
        let topic = first.topic.clone();
        let is_alone = first.is_alone;
        let mut size = first.record.size();
        let mut entries = vec![first];
        let mut others = VecDeque::new();
        while !is_alone
            && entries.len() < most
            && let Some(entry) = self.ready.pop_front()
        {
            let with_it = size + entry.record.size();
            if entry.topic != topic || entry.is_alone || with_it > MOST_BYTES {
                others.push_back(entry);
                continue;
            }
            size = with_it;
            entries.push(entry);
        }
        others.append(&mut self.ready);
        self.ready = others;
        for entry in &mut entries {
            entry.begun.get_or_insert(now);
        }
        Some(Request { topic, entries })
    }

    /// When something can be sent that cannot be sent now.
    pub(super) fn due(&self) -> Option<Instant> {
        self.delayed.iter().map(|(due, _)| *due).min()
    }

    /// What has come of a request.
    pub(super) fn take(&mut self, answers: Vec<(Entry, Answer)>, now: Instant) {
        for (mut entry, answer) in answers {
            entry.unanswered += u32::from(matches!(answer, Answer::Away(_)));
            match answer {
                Answer::Stored(shard, sequence) => self.stored(&entry, shard, sequence),
                Answer::Again(_) if self.may_wait(&entry, now) => self.delay(entry, now),
                Answer::Again(_) if self.is_away => self.settle(&entry, Err(away())),
                Answer::Away(_) if entry.unanswered < TRIES && self.may_wait(&entry, now) => {
                    self.delay(entry, now);
                }
                Answer::Alone(_) if !entry.is_alone => {
                    entry.is_alone = true;
                    self.ready.push_back(entry);
                }
                Answer::Away(error) => {
                    self.is_away = true;
                    self.settle(&entry, Err(error));
                }
                Answer::Again(error) | Answer::Alone(error) | Answer::Final(error) => {
                    self.settle(&entry, Err(error));
                }
            }
        }
        if self.is_away {
            let delayed = self.delayed.drain(..).map(|(_, entry)| entry);
            let waiting: Vec<Entry> = self.ready.drain(..).chain(delayed).collect();
            for entry in waiting {
                self.settle(&entry, Err(away()));
            }
        }
    }

    pub(super) fn outcomes(self) -> Vec<Result<(), PublishError>> {
        self.outcomes
    }

    fn may_wait(&self, entry: &Entry, now: Instant) -> bool {
        let begun = entry.begun.unwrap_or(now);
        !self.is_away && now.saturating_duration_since(begun) < self.patience
    }

    fn delay(&mut self, mut entry: Entry, now: Instant) {
        let due = now + jittered(entry.pause);
        entry.pause = (entry.pause * 2).min(LONGEST_PAUSE);
        self.delayed.push((due, entry));
    }

    fn stored(&mut self, entry: &Entry, shard: String, sequence: Option<Sequence>) {
        if let Some(sequence) = sequence {
            if let Some(earlier) = self.later(entry, &shard, &sequence) {
                tracing::error!(
                    stream = entry.topic,
                    shard,
                    earlier = earlier.as_str(),
                    later = sequence.as_str(),
                    "Kinesis has put a record before an earlier one of its key, which was there"
                );
            }
            if let Some(last) = self.last.get_mut(entry.key) {
                let topic = entry.topic.clone();
                *last = Some(Last {
                    topic,
                    shard,
                    sequence,
                });
            }
        }
        self.settle(entry, Ok(()));
        self.advance(entry.key);
    }

    /// The number of the record before it, if the shard has that one later. The shards of every
    /// stream are called the same, and one's numbers say nothing of another's.
    fn later(&self, entry: &Entry, shard: &str, sequence: &Sequence) -> Option<&Sequence> {
        let last = self.last.get(entry.key)?.as_ref()?;
        let is_same = last.topic == entry.topic && last.shard == shard;
        (is_same && last.sequence >= *sequence).then_some(&last.sequence)
    }

    fn settle(&mut self, entry: &Entry, outcome: Result<(), PublishError>) {
        if let Some(place) = self.outcomes.get_mut(entry.number) {
            *place = outcome;
        }
    }

    /// The next message of a key gets ready; if it cannot be one, the key ends here.
    fn advance(&mut self, key: usize) {
        let number = self.keys.get_mut(key).and_then(VecDeque::pop_front);
        let Some((number, message)) =
            number.and_then(|number| Some((number, self.batch.get(number)?)))
        else {
            return;
        };
        let record = match check_name(&message.topic) {
            Err(reason) => Err(PublishError::Rejected {
                reason,
                source: None,
            }),
            Ok(()) if self.is_away => Err(away()),
            Ok(()) => Record::of(message),
        };
        match record {
            Ok(record) => self.ready.push_back(Entry {
                number,
                key,
                topic: message.topic.clone(),
                record,
                begun: None,
                unanswered: 0,
                pause: FIRST_PAUSE,
                is_alone: false,
            }),
            Err(error) => {
                if let Some(place) = self.outcomes.get_mut(number) {
                    *place = Err(error);
                }
            }
        }
    }
}

fn away() -> PublishError {
    PublishError::Unavailable {
        reason: "nobody has answered to others of this batch".to_owned(),
        source: None,
    }
}

/// Between half of it and one and a half, so that publishers do not come back all at once.
fn jittered(pause: Duration) -> Duration {
    let random = std::hash::RandomState::new().build_hasher().finish();
    let thousandth = u32::try_from(random % 1_000).unwrap_or_default();
    pause / 2 + pause * thousandth / 1_000
}
