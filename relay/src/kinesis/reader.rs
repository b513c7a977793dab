//! A stream, as it is read.

use std::time::Duration;

use async_trait::async_trait;
use rehydrate::{Reader, Received, SourceError};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::fetch::{Fetch, Page, Unseen};
use super::shards::{Listed, Look, Shards};
use super::source::KinesisSource;
use super::trouble::{Kind, Trouble};

/// How many shards are looked into at the same time.
const AT_ONCE: usize = 16;
/// How often in a row nobody may answer.
const TRIES: usize = 3;
/// Until the children of a shard are looked for again that were not there.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Looks into the shards by turns. What is under way stays with the reader when a call is over or
/// dropped, and nothing leaves it before the last wait of a call.
pub(super) struct KinesisReader {
    source: KinesisSource,
    shards: Shards,
    /// On tasks of their own: a request would not get its answer in time while nobody asks for
    /// messages.
    under_way: JoinSet<Done>,
    /// When shards are to be looked for again.
    list: Option<Instant>,
    list_pause: Duration,
    misses: usize,
    failed: Option<SourceError>,
}

/// What has come of what was under way.
enum Done {
    Look(String, Result<Page, Unseen>),
    List(Result<Vec<Listed>, Trouble>),
}

impl KinesisReader {
    pub(super) fn new(source: KinesisSource, shards: Shards) -> Self {
        Self {
            list: (!shards.has_all_children()).then(Instant::now),
            source,
            shards,
            under_way: JoinSet::new(),
            list_pause: FIRST_PAUSE,
            misses: 0,
            failed: None,
        }
    }

    /// Waits for messages until then, and takes what comes with them.
    async fn fill(&mut self, limit: usize, deadline: Instant) {
        while self.failed.is_none() && self.shards.messages() < limit {
            let now = Instant::now();
            self.begin(now);
            // Whether there is anything at all is worth an answer of the service.
            let is_new = self.shards.is_unanswered();
            let has_some = self.shards.messages() > 0;
            let is_enough = match (has_some, now >= deadline) {
                (true, true) => true,
                (false, false) => false,
                _ => !is_new,
            };
            if is_enough {
                match self.under_way.try_join_next() {
                    Some(done) => self.join(done),
                    None => return,
                }
                continue;
            }
            let deadline = (has_some || !is_new).then_some(deadline);
            let wakes = [self.shards.due(), self.list, deadline];
            // What is due now waits for a place.
            let wake = wakes.into_iter().flatten().filter(|wake| *wake > now).min();
            let wake = wake.unwrap_or(now + LONGEST_PAUSE);
            tokio::select! {
                biased;
                Some(done) = self.under_way.join_next() => self.join(done),
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Begins whatever can be begun.
    fn begin(&mut self, now: Instant) {
        while self.under_way.len() < AT_ONCE
            && let Some(look) = self.shards.look(now)
        {
            self.under_way.spawn(self.source.look(look));
        }
        if self.list.is_some_and(|list| list <= now) {
            self.list = None;
            let source = self.source.clone();
            let listing = async move { Done::List(source.list().await) };
            self.under_way.spawn(listing);
        }
    }

    fn join(&mut self, done: Result<Done, JoinError>) {
        match done.map_err(JoinError::try_into_panic) {
            Ok(done) => self.take(done),
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // The program ends.
            Err(Err(_)) => {}
        }
    }

    fn take(&mut self, done: Done) {
        let now = Instant::now();
        match done {
            Done::Look(shard, Ok(page)) => {
                self.misses = 0;
                // A shard ends where others begin.
                if self.shards.saw(&shard, page, now) {
                    self.list = Some(now);
                    self.list_pause = FIRST_PAUSE;
                }
            }
            Done::Look(shard, Err(Unseen::Trouble(action, trouble))) => {
                self.shards.missed(&shard, now);
                self.trouble(action, &trouble);
            }
            Done::Look(_, Err(Unseen::Gone(reason))) => {
                let offset = self.shards.offset();
                self.failed = Some(self.source.gone(offset, reason));
            }
            Done::List(Ok(listed)) => {
                if !self.shards.know(listed, now) {
                    self.list = Some(now + self.list_pause);
                    self.list_pause = (self.list_pause * 2).min(LONGEST_PAUSE);
                }
            }
            Done::List(Err(trouble)) => {
                self.list = Some(now + self.list_pause);
                self.trouble("ListShards", &trouble);
            }
        }
    }

    fn trouble(&mut self, action: &'static str, trouble: &Trouble) {
        match trouble.kind {
            // It passes, and is no fault: a shard has 5 looks a second for all who read it.
            Kind::Throttled => {}
            Kind::Away if self.misses < TRIES => self.misses += 1,
            _ => self.failed = Some(self.source.failed(action, trouble)),
        }
    }
}

impl KinesisSource {
    fn look(&self, look: Look) -> impl Future<Output = Done> + 'static {
        let fetch = Fetch {
            link: self.link.clone(),
            stream: self.stream.clone(),
            shard: look.shard.clone(),
            iterator: look.iterator,
            place: look.place,
            from: look.from,
            may_have_hole: look.may_have_hole,
        };
        async move {
            let page = fetch.page().await;
            Done::Look(look.shard, page)
        }
    }
}

#[async_trait]
impl Reader for KinesisReader {
    async fn next(&mut self, limit: usize, wait: Duration) -> Result<Received, SourceError> {
        self.fill(limit, Instant::now() + wait).await;
        if self.shards.messages() == 0
            && let Some(error) = self.failed.take()
        {
            return Err(error);
        }
        let messages = self.shards.give(limit);
        let is_at_end = self.shards.is_at_end();
        Ok(Received::new(messages, self.shards.offset(), is_at_end))
    }
}
