//! One delivery of an event to a reactor.

use chrono::{DateTime, Utc};
use rehydrate_port::DecodeError;
use uuid::Uuid;

use crate::command::CommandContext;
use crate::event_set::Recorded;

/// One delivery of an event to a reactor: which it is, and what to call it.
#[derive(Clone, Debug)]
pub struct Attempt {
    key: String,
    number: u32,
    now: DateTime<Utc>,
    event_id: Uuid,
    correlation_id: Option<String>,
}

impl Attempt {
    /// An attempt as a runner would make it, for tests of a reactor.
    ///
    /// # Errors
    /// The event's metadata cannot be read.
    pub fn new<E>(
        reactor: &str,
        event: &Recorded<'_, E>,
        number: u32,
        now: DateTime<Utc>,
    ) -> Result<Self, DecodeError> {
        let event_id = event.stored.event_id;
        Ok(Self {
            key: match event.part {
                0 => format!("{reactor}:{event_id}"),
                part => format!("{reactor}:{event_id}:{part}"),
            },
            number,
            now,
            event_id,
            correlation_id: event.stored.metadata()?.correlation_id,
        })
    }

    /// What this event is called between this reactor and the outside, at every attempt, today and
    /// after any number of restarts: `<reactor>:<event id>`, and `:<part>` if the stored event is
    /// today several and this is not the first of them.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How often it has been tried with this one, 1 at first; it begins at 1 again when it is
    /// delivered because of [`Reaction::Again`](super::Reaction::Again).
    ///
    /// A delivery during which the program died is not counted.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The present time, by the runner's clock.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The context of a command that answers this event: it is executed once however often the
    /// event is delivered, names the event as its cause, and belongs to the same conversation.
    ///
    /// A second command for the same event needs a key of its own:
    /// `attempt.command().idempotency_key(format!("{}/refund", attempt.key()))`. So does one that is
    /// executed when the event comes [again](super::Reaction::Again).
    pub fn command(&self) -> CommandContext {
        let context = CommandContext::new()
            .idempotency_key(&self.key)
            .causation_id(self.event_id);
        match &self.correlation_id {
            Some(id) => context.correlation_id(id),
            None => context,
        }
    }
}
