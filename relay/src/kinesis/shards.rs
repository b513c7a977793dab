//! The shards of a stream, as a reader has them: which are to be looked into next, and in which order
//! what was seen is handed over. Pure, so that it can be tested without a service.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rehydrate::{Offset, ReceivedMessage};
use tokio::time::Instant;

use super::fetch::Page;
use super::place::{Place, Places, Progress};
use super::sequence::Sequence;

/// A shard takes 5 looks a second, of all its readers together.
const SPACING: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Whoever knows what a shard had so long before it forgets has read without a hole.
const MARGIN: TimeDelta = TimeDelta::minutes(5);
/// What has come so long after a reader was opened was not there before, whatever the clocks say.
const CLOCKS: TimeDelta = TimeDelta::minutes(1);

/// A shard that the service has named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) parents: Vec<String>,
}

/// The shards, and what was seen in them and not handed over yet.
#[derive(Debug)]
pub(super) struct Shards {
    from: Option<DateTime<Utc>>,
    retention: TimeDelta,
    opened: DateTime<Utc>,
    shards: BTreeMap<String, Shard>,
    buffer: VecDeque<(String, Step)>,
    messages: usize,
}

#[derive(Debug)]
struct Shard {
    parents: Vec<String>,
    /// How far it was handed over.
    given: Progress,
    /// How far it was seen, which is further.
    seen: Progress,
    iterator: Option<String>,
    looking: Looking,
    pause: Duration,
    /// Whether something was there when the reader was opened that was not handed over.
    is_awaited: bool,
    /// Whether it could be looked into when the reader was opened, and was not yet.
    is_unanswered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looking {
    /// From then on.
    NotBefore(Instant),
    Now,
    NeverAgain,
}

/// What was seen, in its order.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are messages")]
enum Step {
    Message(Sequence, ReceivedMessage),
    /// Something that is not to be handed over.
    Passed(Sequence),
    /// Everything was seen that was there by then.
    Until(DateTime<Utc>),
    /// Everything was seen that was there when the reader was opened.
    End,
    Finished,
}

/// Where to look next.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) shard: String,
    pub(super) iterator: Option<String>,
    pub(super) place: Place,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) may_have_hole: bool,
}

impl Shards {
    /// The shards that there are, to be read on from these places; or which of the places is gone.
    pub(super) fn new(
        places: Places,
        listed: Vec<Listed>,
        retention: TimeDelta,
        opened: DateTime<Utc>,
    ) -> Result<Self, String> {
        let is_listed: HashSet<&str> = listed.iter().map(|it| it.id.as_str()).collect();
        for (shard, progress) in &places.shards {
            if !is_listed.contains(shard.as_str()) && progress.place != Place::Finished {
                return Err(format!(
                    "{shard} was not read to its end, and is not there any more"
                ));
            }
        }
        let mut shards = Self {
            from: places.from,
            retention,
            opened,
            shards: BTreeMap::new(),
            buffer: VecDeque::new(),
            messages: 0,
        };
        let mut known = places.shards;
        let now = Instant::now();
        for it in listed {
            let progress = known.remove(&it.id).unwrap_or(Progress::START);
            shards.add(it, progress, true, now);
        }
        let startable: Vec<String> = shards.startable().map(|(id, _)| id.clone()).collect();
        for id in startable {
            if let Some(shard) = shards.shards.get_mut(&id) {
                shard.is_unanswered = true;
            }
        }
        Ok(shards)
    }

    fn add(&mut self, listed: Listed, progress: Progress, is_awaited: bool, now: Instant) {
        let is_finished = progress.place == Place::Finished;
        let shard = Shard {
            parents: listed.parents,
            given: progress.clone(),
            seen: progress,
            iterator: None,
            looking: if is_finished {
                Looking::NeverAgain
            } else {
                Looking::NotBefore(now)
            },
            pause: SPACING,
            is_awaited: is_awaited && !is_finished,
            is_unanswered: false,
        };
        self.shards.insert(listed.id, shard);
    }

    /// Shards that have come since; false if one that is finished has no child yet.
    pub(super) fn know(&mut self, listed: Vec<Listed>, now: Instant) -> bool {
        for it in listed {
            if !self.shards.contains_key(&it.id) {
                // What it has was not there when the reader was opened, and neither was it.
                self.add(it, Progress::START, false, now);
            }
        }
        self.has_all_children()
    }

    /// Whether every shard that is finished has a child.
    pub(super) fn has_all_children(&self) -> bool {
        let parents: HashSet<&String> = self.shards.values().flat_map(|it| &it.parents).collect();
        let mut finished = self
            .shards
            .iter()
            .filter(|(_, it)| it.seen.place == Place::Finished);
        finished.all(|(id, _)| parents.contains(id))
    }

    /// Those whose parents were seen to their end, so that no key overtakes itself.
    fn startable(&self) -> impl Iterator<Item = (&String, Instant)> {
        self.shards.iter().filter_map(|(id, shard)| {
            let Looking::NotBefore(due) = shard.looking else {
                return None;
            };
            let mut parents = shard.parents.iter().filter_map(|id| self.shards.get(id));
            parents
                .all(|parent| parent.seen.place == Place::Finished)
                .then_some((id, due))
        })
    }

    /// The shard that has waited longest of those that can be looked into now.
    pub(super) fn look(&mut self, now: Instant) -> Option<Look> {
        let due = self.startable().filter(|(_, due)| *due <= now);
        let id = due.min_by_key(|(_, due)| *due)?.0.clone();
        let (from, retention) = (self.from, self.retention);
        let shard = self.shards.get_mut(&id)?;
        shard.looking = Looking::Now;
        let kept = retention - MARGIN;
        // Where nothing was ever read, nothing can be missing.
        let may_have_hole = match (&shard.seen.place, shard.seen.until) {
            (_, Some(until)) => Utc::now() - until > kept,
            (place, None) => *place != Place::Start,
        };
        Some(Look {
            // It stays, because where nothing was read it is all there is to go on with.
            iterator: shard.iterator.clone(),
            place: shard.seen.place.clone(),
            from,
            may_have_hole,
            shard: id,
        })
    }

    /// When the next one can be looked into.
    pub(super) fn due(&self) -> Option<Instant> {
        self.startable().map(|(_, due)| due).min()
    }

    /// Takes over what was seen in a shard; true if it is finished.
    pub(super) fn saw(&mut self, id: &str, page: Page, now: Instant) -> bool {
        let Some(shard) = self.shards.get_mut(id) else {
            return false;
        };
        shard.is_unanswered = false;
        shard.pause = SPACING;
        shard.iterator = page.iterator;
        let mut is_later = false;
        for (sequence, message) in page.records {
            if matches!(&shard.seen.place, Place::After(last) if sequence <= *last) {
                continue;
            }
            shard.seen.place = Place::After(sequence.clone());
            is_later |= message.sent_at > self.opened + CLOCKS;
            let step = if self.from.is_some_and(|from| message.sent_at < from) {
                Step::Passed(sequence)
            } else {
                self.messages += 1;
                Step::Message(sequence, message)
            };
            self.buffer.push_back((id.to_owned(), step));
        }
        let mut steps = Vec::new();
        // Whoever has read nothing, and not seen the end, stands where the shard begins.
        if shard.seen.place != Place::Start || page.is_at_tip {
            shard.seen.until = Some(page.until);
            steps.push(Step::Until(page.until));
        }
        let is_finished = shard.iterator.is_none();
        if is_finished {
            shard.seen.place = Place::Finished;
            shard.looking = Looking::NeverAgain;
            steps.push(Step::Finished);
        } else {
            shard.looking = Looking::NotBefore(now + SPACING);
            if page.is_at_tip || is_later {
                steps.push(Step::End);
            }
        }
        let steps = steps.into_iter().map(|step| (id.to_owned(), step));
        self.buffer.extend(steps);
        is_finished
    }

    /// Nothing was seen in a shard: it is looked into later, each time a bit later.
    pub(super) fn missed(&mut self, id: &str, now: Instant) {
        if let Some(shard) = self.shards.get_mut(id) {
            shard.is_unanswered = false;
            shard.pause = (shard.pause * 2).min(LONGEST_PAUSE);
            shard.looking = Looking::NotBefore(now + shard.pause);
        }
    }

    /// How many messages were seen and not handed over.
    pub(super) fn messages(&self) -> usize {
        self.messages
    }

    /// Whether it is not known yet of every shard whether it has anything.
    pub(super) fn is_unanswered(&self) -> bool {
        self.shards.values().any(|shard| shard.is_unanswered)
    }

    /// Hands over what was seen, at most so many messages.
    pub(super) fn give(&mut self, limit: usize) -> Vec<ReceivedMessage> {
        let mut given = Vec::with_capacity(limit.min(self.messages));
        while let Some((_, step)) = self.buffer.front() {
            if given.len() >= limit && matches!(step, Step::Message(..)) {
                break;
            }
            let Some((id, step)) = self.buffer.pop_front() else {
                break;
            };
            let Some(shard) = self.shards.get_mut(&id) else {
                continue;
            };
            match step {
                Step::Message(sequence, message) => {
                    shard.given.place = Place::After(sequence);
                    // About; an offset has only tens of minutes anyway.
                    shard.given.until = shard.given.until.max(Some(message.sent_at));
                    self.messages -= 1;
                    given.push(message);
                }
                Step::Passed(sequence) => shard.given.place = Place::After(sequence),
                Step::Until(until) => shard.given.until = Some(until),
                Step::End => shard.is_awaited = false,
                Step::Finished => {
                    shard.given.place = Place::Finished;
                    shard.is_awaited = false;
                }
            }
        }
        given
    }

    /// Whether everything was handed over that was there when the reader was opened.
    pub(super) fn is_at_end(&self) -> bool {
        !self.shards.values().any(|shard| shard.is_awaited)
    }

    /// How far it was handed over.
    pub(super) fn offset(&self) -> Offset {
        let shards = self.shards.iter();
        Places::offset(self.from, shards.map(|(id, it)| (id.as_str(), &it.given)))
    }
}
