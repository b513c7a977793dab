//! Delivering the log to one reactor.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::TryStreamExt as _;
use rehydrate_port::{
    Condition, Delivery, Leased, LogQuery, Page, Position, StoreError, StoredEvent, StreamQuery,
    Version,
};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::super::{Pages, RunError, Runner, consumers};
use super::claim::{claim, create, id_of};
use super::delivery::{after, retry_at};
use super::halt::{Halt, Stop};
use super::ledger::Ledger;
use super::telling::{tell, word};
use crate::error::whole_text;
use crate::reactor::{AnyReactor, Failure, Outcome, Reaction};
use crate::telemetry;

/// So many deliveries that are due are looked at before the log is.
const DUE_AT_ONCE: usize = 100;

/// Delivers the log to one reactor, if nobody else does.
pub(super) struct Worker<'a> {
    runner: &'a Runner,
    reactor: Arc<dyn AnyReactor>,
    stop: Stop,
    ledger: Ledger,
    pages: Pages,
    /// When deliveries that are due were looked for.
    attended: Option<Instant>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(runner: &'a Runner, reactor: &Arc<dyn AnyReactor>, stop: Stop) -> Self {
        let definition = reactor.definition();
        let destination = reactor.destination().map(|it| it.name);
        let query = LogQuery {
            after: Position::ZERO,
            categories: definition.categories.clone(),
            limit: runner.pace.batch,
        };
        Self {
            runner,
            reactor: Arc::clone(reactor),
            stop,
            ledger: Ledger::new(runner, id_of(definition.name), destination),
            pages: Pages::new(Arc::clone(&runner.store), query),
            attended: None,
        }
    }

    /// Delivers events as they happen, until it is told to stop.
    pub(super) async fn run(&mut self) -> Result<(), RunError> {
        loop {
            let halt = match self.lead(None).await {
                Ok(()) => continue,
                Err(halt) => halt,
            };
            let pace = &self.runner.pace;
            let pause = match halt {
                // What could not be written is remembered for the next time, if there is one.
                Halt::Failed(error) if self.stop.check().is_ok() => return Err(error),
                Halt::Failed(_) | Halt::Stopped => Duration::ZERO,
                Halt::Lost => pace.standby.min(pace.poll),
                Halt::Paused => pace.poll,
            };
            if self.stop.sleep(pause).await.is_err() {
                self.finish().await;
                return Ok(());
            }
        }
    }

    /// Delivers everything up to a position, and whatever is due, then returns.
    pub(super) async fn drain(&mut self, target: Position) -> Result<(), RunError> {
        loop {
            let ended = self.lead(Some(target)).await;
            if let Err(Halt::Lost) = ended {
                if self.is_drained(target).await? {
                    return Ok(());
                }
                tokio::time::sleep(self.runner.pace.standby / 10).await;
                continue;
            }
            self.finish().await;
            return match ended {
                Ok(()) | Err(Halt::Stopped | Halt::Lost) => Ok(()),
                Err(Halt::Failed(error)) => Err(error),
                Err(Halt::Paused) => Err(RunError::Paused {
                    consumer: self.ledger.id().consumer.clone(),
                }),
            };
        }
    }

    /// Whether somebody else has done it.
    async fn is_drained(&self, target: Position) -> Result<bool, RunError> {
        let id = self.ledger.id();
        let checkpoints = consumers(&*self.runner.store)?
            .checkpoints(Some(&id.consumer))
            .await?;
        let there = checkpoints.iter().find(|it| it.id == *id);
        if there.is_some_and(|it| it.condition == Condition::Paused) {
            // Whoever leads keeps the lease, and would be waited for in vain.
            return Err(RunError::Paused {
                consumer: id.consumer.clone(),
            });
        }
        let due = self.ledger.due_by(self.ledger.now(), Some(1)).await?;
        Ok(there.is_some_and(|it| it.position >= target) && due.is_empty())
    }

    /// Writes down what is known, and lets somebody else lead.
    async fn finish(&mut self) {
        if let Err(Halt::Failed(error)) = self.ledger.write().await {
            tracing::error!(
                consumer = %self.ledger.id().consumer,
                error = whole_text(&error),
                "what was delivered last cannot be written down, and is delivered again"
            );
        }
        self.ledger.resign().await;
    }

    /// Takes the lease, or waits for it, and delivers as long as it has it.
    async fn lead(&mut self, until: Option<Position>) -> Result<(), Halt> {
        let checkpoint = loop {
            self.stop.check()?;
            match self.ledger.lead().await? {
                Leased::Given(checkpoint) => break checkpoint,
                Leased::Held { .. } => return Err(Halt::Lost),
                Leased::Missing => create(self.runner, &*self.reactor).await?,
            }
        };
        if let Err(error) = claim(self.runner, &*self.reactor, &checkpoint).await {
            self.ledger.resign().await;
            return Err(error.into());
        }
        self.attended = None;
        self.ledger.begin(&checkpoint).await?;
        if checkpoint.condition == Condition::Paused {
            return Err(Halt::Paused);
        }
        self.work(until).await
    }

    async fn work(&mut self, until: Option<Position>) -> Result<(), Halt> {
        loop {
            self.look_after().await?;
            let from = self.ledger.position();
            let page = self.ledger.during(self.pages.after(from)).await?;
            self.ledger.see(page.read_to, page.watermark);
            if !page.events.is_empty() {
                // Whoever was told to stand still, or has lost the lease, does not begin.
                self.ledger.look_up().await?;
            }
            let events: Vec<StoredEvent<'_>> = page.events.iter().collect();
            for events in events.chunks(self.reactor.at_once()) {
                self.look_after().await?;
                self.take(events).await?;
            }
            self.ledger.move_to(page.read_to).await?;
            if until.is_some_and(|until| self.ledger.position() >= until) {
                return self.attend(None).await;
            }
            if page.read_to >= page.watermark {
                self.rest().await?;
            }
        }
    }

    /// Waits for news.
    async fn rest(&mut self) -> Result<(), Halt> {
        let mut wait = self.runner.pace.poll.min(self.ledger.longest_wait());
        if let Some(due) = self.ledger.next_due() {
            let until = (due - self.ledger.now()).to_std().unwrap_or_default();
            wait = wait.min(until);
        }
        let news = self.runner.store.wait_past(self.ledger.position(), wait);
        self.stop.unless_stopped(news).await??;
        Ok(())
    }

    /// Between two events: keeps the lease, and looks what else is to be done.
    async fn look_after(&mut self) -> Result<(), Halt> {
        self.stop.check()?;
        self.ledger.keep().await?;
        let poll = self.runner.pace.poll;
        let is_time = self.attended.is_none_or(|time| time.elapsed() >= poll);
        let is_due = self
            .ledger
            .next_due()
            .is_some_and(|due| due <= self.ledger.now());
        if is_time || is_due {
            self.attend(Some(DUE_AT_ONCE)).await?;
        }
        Ok(())
    }

    /// Looks whether the reactor may go on, and delivers what is due.
    async fn attend(&mut self, limit: Option<usize>) -> Result<(), Halt> {
        self.ledger.write().await?;
        self.ledger.look_up().await?;
        self.attended = Some(Instant::now());
        self.ledger.forget_due();
        let now = self.ledger.now();
        let soon = TimeDelta::from_std(self.runner.pace.poll).unwrap_or_default();
        let due = self.ledger.due_by(now, limit).await?;
        if limit.is_some_and(|limit| due.len() == limit) {
            self.ledger.expect_due(now);
        }
        for delivery in due {
            self.settle(delivery).await?;
        }
        for delivery in self.ledger.due_by(now + soon, Some(DUE_AT_ONCE)).await? {
            self.ledger.expect(&delivery);
        }
        Ok(())
    }

    /// Delivers the next events of the log, or lets them wait.
    async fn take(&mut self, events: &[StoredEvent<'_>]) -> Result<(), Halt> {
        let now = self.ledger.now();
        let (mut free, mut deliveries) = (Vec::new(), Vec::new());
        for event in events {
            let delivery = retry_at(self.ledger.id(), event, now)?;
            let is_skipped = self.ledger.is_skipped(event.position);
            let is_free = !is_skipped && !self.ledger.is_blocked(&delivery.stream);
            if is_free {
                free.push((*event, 1));
            }
            deliveries.push((event, delivery, is_free, is_skipped));
        }
        let mut outcomes = self.deliver(&free).await.into_iter();
        for (event, delivery, is_free, is_skipped) in deliveries {
            let outcome = match (is_free, is_skipped) {
                (_, true) => Some(Outcome::Ignored),
                (true, false) => outcomes.next(),
                (false, false) => None,
            };
            // One before it in its stream may have failed just now.
            if !is_skipped && self.ledger.is_blocked(&delivery.stream) {
                self.ledger.pass_over(event, delivery);
                continue;
            }
            let kept = self.kept(delivery, 1, outcome)?;
            self.ledger.deliver(event, kept).await?;
        }
        Ok(())
    }

    /// Delivers an event that is due once more, and then what has waited for it in its stream.
    async fn settle(&mut self, delivery: Delivery) -> Result<(), Halt> {
        let mut next = Some(delivery);
        while let Some(delivery) = next {
            self.stop.check()?;
            self.ledger.keep().await?;
            let page = self.event_of(&delivery).await?;
            let event = page.as_ref().and_then(Page::first);
            let number = delivery.attempts.saturating_add(1);
            let outcome = match event {
                Some(event) => self.deliver(&[(event, number)]).await.pop(),
                None => Some(Outcome::Known(Err(Failure::poison(
                    "the event is not in its stream any more",
                )))),
            };
            let kept = self.kept(delivery.clone(), number, outcome)?;
            next = self.ledger.settle(&delivery, kept).await?;
        }
        Ok(())
    }

    async fn event_of(&self, delivery: &Delivery) -> Result<Option<Page>, StoreError> {
        let query = StreamQuery {
            after: Version::new(delivery.version.get().saturating_sub(1)),
            until: Some(delivery.version),
            limit: Some(1),
            ..StreamQuery::new(delivery.stream.clone())
        };
        let pages = self.runner.store.read(&query).await?.pages;
        let pages: Vec<Page> = pages.try_collect().await?;
        Ok(pages.into_iter().find(|page| !page.is_empty()))
    }

    /// Makes an attempt with each of these events.
    async fn deliver(&mut self, events: &[(StoredEvent<'_>, u32)]) -> Vec<Outcome> {
        let Some((first, number)) = events.first() else {
            return Vec::new();
        };
        let span = tracing::debug_span!(
            "react",
            reactor = self.reactor.definition().name,
            event = %first.address(),
            events = events.len(),
            attempt = number
        );
        let now = self.ledger.now();
        let reactor = Arc::clone(&self.reactor);
        let reaction = reactor.react(events, now).instrument(span);
        self.ledger.during(reaction).await
    }

    /// What is to be kept of a delivery.
    fn kept(
        &mut self,
        delivery: Delivery,
        number: u32,
        outcome: Option<Outcome>,
    ) -> Result<Option<Delivery>, RunError> {
        let definition = self.reactor.definition();
        let unreachable = |source| RunError::Unreachable {
            consumer: definition.name.to_owned(),
            source,
        };
        let outcome = match outcome {
            Some(Outcome::Known(outcome)) => {
                self.ledger.hear(&outcome);
                outcome
            }
            Some(Outcome::Ignored) => Ok(Reaction::Done),
            Some(Outcome::Unreachable(source)) => return Err(unreachable(source)),
            None => return Err(unreachable("there is no word of some of the events".into())),
        };
        let kept = after(
            delivery,
            number,
            outcome,
            definition.retries,
            self.ledger.now(),
        );
        tell(kept.as_ref());
        telemetry::delivered(definition.name, word(kept.as_ref()));
        Ok(kept)
    }
}
