//! From the log to a message broker.

mod outgoing;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rehydrate_port::{BoxError, StoredEvent};

pub use self::outgoing::Outgoing;
use self::outgoing::{Form, Parts};
use crate::aggregate::Aggregate;
use crate::error::guarded;
use crate::publish::{CloudEvent, Message, PublishError, Publisher};
use crate::reactor::{
    AnyReactor, Destination, Failure, Outcome, Reaction, ReactorDefinition, Retries, Start,
};

/// Publishes the log, or a part of it, to a message broker.
///
/// It is a consumer of the log like the others: [`Runner::relay`](crate::Runner::relay) runs it, of
/// several programs one at a time, and [`Operations`](crate::Operations) shows, pauses and resumes
/// it, and rewinds it where a broker is to get again what it has lost. Every event is sent at least
/// once, those of one stream in order. A message that the broker
/// does not take holds its stream, and the others go on; it is tried again as its [`Retries`] say,
/// and then is a dead letter that can be retried or skipped. While the broker is away everything
/// waits, and nothing becomes a dead letter.
///
/// A relay is one to one broker: which one is kept with its checkpoint, and a program with the same
/// name and another broker is refused, since that one would never get what was sent before. A second
/// broker is a second relay, with a name of its own.
///
/// A relay has one checkpoint and is one task: it is not sharded, since what is read by several at
/// once would not be sent in the order of the log. Where one does not keep up, there are several
/// relays, each with a name, and with categories or a route of its own.
///
/// ```
/// # use rehydrate::{Aggregate, MemoryStore, Publisher, Relay, Runner, Start};
/// # async fn show<Fine: Aggregate>(
/// #     store: MemoryStore, broker: impl Publisher,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let relay = Relay::new("fines-to-nats", Start::Beginning, broker)
///     .source("https://fines.example")
///     .aggregate::<Fine>()
///     .route(|event| match event.event_type() {
///         "officer_changed" => None,              // nobody else's business
///         _ => Some(event.message("fines")),
///     });
/// let running = Runner::new(store).relay(relay).start().await?;
/// # running.stop().await;
/// # Ok(())
/// # }
/// ```
#[must_use = "a relay does nothing until a runner runs it"]
pub struct Relay {
    definition: ReactorDefinition,
    publisher: Box<dyn Publisher>,
    source: String,
    forms: BTreeMap<String, Form>,
    route: Box<Route>,
    at_once: usize,
    former_destination: Option<String>,
}

type Route = dyn Fn(&Outgoing<'_>) -> Option<Message> + Send + Sync;

impl Relay {
    /// A relay that sends nothing yet, to this broker.
    ///
    /// The name is the one of its checkpoint, in the whole store. Whoever changes it has a new
    /// relay, which has sent nothing yet.
    pub fn new(name: &'static str, start: Start, publisher: impl Publisher) -> Self {
        Self {
            definition: ReactorDefinition {
                name,
                start,
                retries: Retries::DEFAULT,
                categories: Vec::new(),
            },
            publisher: Box::new(publisher),
            source: format!("/{name}"),
            forms: BTreeMap::new(),
            route: Box::new(|event| Some(event.message(event.category))),
            at_once: 500,
            former_destination: None,
        }
    }

    /// Sends an aggregate's events in today's shape, whatever they are stored as: upcast, without
    /// the retired ones, and each part of one that was split.
    pub fn aggregate<A: Aggregate>(self) -> Self {
        self.category(A::CATEGORY, Form::today::<A::Event>())
    }

    /// Sends an aggregate's events as they are stored, of whatever schema version.
    pub fn aggregate_as_stored<A: Aggregate>(self) -> Self {
        self.category(A::CATEGORY, Form::Stored)
    }

    fn category(mut self, category: &str, form: Form) -> Self {
        self.forms.insert(category.to_owned(), form);
        self.definition.categories = self.forms.keys().cloned().collect();
        self
    }

    /// Who publishes: the attribute `source` of every message, a URI reference. Without it, it is
    /// the relay's name after a slash.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Where an event goes, if it goes anywhere, and what others see of it.
    ///
    /// Without it everything goes to a topic that is called like the category. The key is the stream
    /// whatever this says, so that a stream stays in order.
    pub fn route(
        mut self,
        route: impl Fn(&Outgoing<'_>) -> Option<Message> + Send + Sync + 'static,
    ) -> Self {
        self.route = Box::new(route);
        self
    }

    /// How often, and after which pauses, a message that was not taken is sent again.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.definition.retries = retries;
        self
    }

    /// How many events are handed to the broker's client at once, at most; 500 unless told.
    pub fn at_once(mut self, events: usize) -> Self {
        self.at_once = events.max(1);
        self
    }

    /// Says that the broker was called this before, as
    /// [`RunError::OtherDestination`](crate::RunError::OtherDestination) names it, and is the same:
    /// it has everything that the relay has published.
    pub fn moved_from(mut self, destination: impl Into<String>) -> Self {
        self.former_destination = Some(destination.into());
        self
    }

    /// The broker, for people.
    #[must_use]
    pub fn destination(&self) -> String {
        self.publisher.destination()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.definition.name
    }

    /// The messages of a stored event.
    fn messages(&self, stored: &StoredEvent<'_>) -> Result<Vec<Message>, BoxError> {
        let form = self.forms.get(stored.category).unwrap_or(&Form::Stored);
        let parts: Parts = form.parts(stored)?;
        let key = format!("{}/{}", stored.category, stored.stream_id);
        let mut messages = Vec::new();
        for (number, part) in parts.into_iter().enumerate() {
            let mut event = CloudEvent::of(self.source.as_str(), stored)?;
            if number > 0 {
                event.id = format!("{}:{number}", event.id);
            }
            part.describe(&mut event);
            let outgoing = Outgoing::new(stored, number, event);
            let routed = (self.route)(&outgoing);
            messages.extend(routed.map(|message| Message {
                key: key.clone(),
                ..message
            }));
        }
        Ok(messages)
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay")
            .field("name", &self.definition.name)
            .field("destination", &self.publisher.destination())
            .field("categories", &self.definition.categories)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl AnyReactor for Relay {
    fn definition(&self) -> &ReactorDefinition {
        &self.definition
    }

    fn destination(&self) -> Option<Destination> {
        Some(Destination {
            name: self.publisher.destination(),
            former: self.former_destination.clone(),
        })
    }

    fn at_once(&self) -> usize {
        self.at_once
    }

    async fn react(&self, events: &[(StoredEvent<'_>, u32)], _: DateTime<Utc>) -> Vec<Outcome> {
        let mut batch = Vec::with_capacity(events.len());
        let mut made = Vec::with_capacity(events.len());
        let mut stopped: Vec<(&str, &str)> = Vec::new();
        for (stored, _) in events {
            let stream = (stored.category, stored.stream_id);
            // Its later events would overtake one that cannot be made a message.
            if stopped.contains(&stream) {
                made.push(Ok(0));
                continue;
            }
            let messages = guarded(|| self.messages(stored));
            made.push(match messages {
                Ok(messages) => {
                    let count = messages.len();
                    batch.extend(messages);
                    Ok(count)
                }
                Err(error) => {
                    stopped.push(stream);
                    Err(error)
                }
            });
        }
        let mut sent = self.publisher.publish(&batch).await.into_iter();
        let outcomes = made.into_iter().map(|made| match made {
            Ok(count) => together(sent.by_ref().take(count).collect(), count),
            Err(error) => Outcome::Known(Err(Failure::poison(error))),
        });
        outcomes.collect()
    }
}

/// What has come of a stored event whose messages had these outcomes.
fn together(sent: Vec<Result<(), PublishError>>, count: usize) -> Outcome {
    if sent.len() < count {
        return Outcome::Unreachable("the publisher has not said what became of a message".into());
    }
    match sent.into_iter().find_map(Result::err) {
        None if count == 0 => Outcome::Ignored,
        None => Outcome::Known(Ok(Reaction::Done)),
        Some(error @ PublishError::Unavailable { .. }) => Outcome::Unreachable(error.into()),
        Some(error @ PublishError::Rejected { .. }) => Outcome::Known(Err(Failure::poison(error))),
        Some(error @ (PublishError::Failed { .. } | PublishError::NotSent)) => {
            Outcome::Known(Err(Failure::transient(error)))
        }
    }
}
