//! Given these events, when this is decided, then that happens: tests of aggregates without a store.
//!
//! ```
//! use rehydrate::testing::given;
//! # use rehydrate::{Aggregate, Event};
//! # #[derive(Event, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
//! # enum PaymentEvent { Authorized { cents: u64 }, Captured { cents: u64 } }
//! # #[derive(Aggregate, Default)]
//! # #[aggregate(id = u64, event = PaymentEvent)]
//! # struct Payment { authorized: u64, captured: u64 }
//! # impl ApplyPaymentEvent for Payment {
//! #     fn authorized(&mut self, cents: u64) { self.authorized = cents; }
//! #     fn captured(&mut self, cents: u64) { self.captured += cents; }
//! # }
//! # #[derive(Debug, PartialEq)]
//! # enum PaymentError { AlreadyCaptured }
//! # impl Payment {
//! #     fn capture(&self, cents: u64) -> Result<PaymentEvent, PaymentError> {
//! #         if self.captured > 0 { return Err(PaymentError::AlreadyCaptured) }
//! #         Ok(PaymentEvent::Captured { cents })
//! #     }
//! # }
//! # use PaymentEvent::{Authorized, Captured};
//!
//! given::<Payment>([Authorized { cents: 10_00 }])
//!     .when(|payment| payment.capture(10_00))
//!     .then([Captured { cents: 10_00 }]);
//!
//! given::<Payment>([Authorized { cents: 10_00 }, Captured { cents: 10_00 }])
//!     .when(|payment| payment.capture(1_00))
//!     .then_refused(PaymentError::AlreadyCaptured);
//! ```
//!
//! The given events are written and read as a store would do it, so a test also notices an event
//! that does not survive its own encoding. For the time, pass a [`ManualClock`](crate::ManualClock)
//! to [`Repository::with_clock`](crate::Repository::with_clock).

#![expect(clippy::panic, reason = "a test says with a panic that it has failed")]

mod diff;

use std::fmt::Debug;

use chrono::DateTime;
use rehydrate_port::{EventRow, Page, Position, SchemaVersion, Version};
use uuid::Uuid;

use self::diff::diff;
use crate::aggregate::Aggregate;
use crate::event::{Event, IntoEvents};

/// An aggregate to which these events have happened, in this order.
#[must_use = "nothing is checked yet"]
#[track_caller]
pub fn given<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let mut given = Given {
        state: A::default(),
        version: Version::ZERO,
    };
    for event in events {
        given.take(event);
    }
    given
}

/// An aggregate with a past.
#[derive(Debug)]
pub struct Given<A> {
    state: A,
    version: Version,
}

impl<A: Aggregate> Given<A> {
    /// A further event, as an older program may have stored it.
    #[must_use = "nothing is checked yet"]
    #[track_caller]
    pub fn and_stored(mut self, event_type: &str, schema_version: u32, payload: &str) -> Self {
        self.take_stored(event_type, SchemaVersion(schema_version), payload);
        self
    }

    /// Decides.
    pub fn when<D, E>(self, decide: impl FnOnce(&A) -> Result<D, E>) -> Decided<A, E>
    where
        D: IntoEvents<A::Event>,
    {
        Decided {
            outcome: decide(&self.state).map(IntoEvents::into_events),
            given: self,
        }
    }

    /// The events led to this state.
    #[track_caller]
    pub fn then_state(self, expected: A)
    where
        A: Debug + PartialEq,
    {
        same("the state is", &expected, &self.state);
    }

    /// The state after the events.
    #[must_use]
    pub fn state(&self) -> &A {
        &self.state
    }

    #[track_caller]
    fn take(&mut self, event: A::Event) {
        match event.encode() {
            Ok(payload) => {
                self.take_stored(event.event_type(), event.schema_version(), &payload);
            }
            Err(error) => panic!("{}", with_causes(&error)),
        }
    }

    #[track_caller]
    fn take_stored(&mut self, event_type: &str, schema_version: SchemaVersion, payload: &str) {
        self.version = self.version.next();
        let mut page = Page::new();
        page.push(&EventRow {
            category: A::CATEGORY,
            stream_id: "given",
            version: self.version,
            position: Position(self.version.0),
            event_type,
            schema_version,
            payload,
            metadata: None,
            event_id: Uuid::nil(),
            recorded_at: DateTime::UNIX_EPOCH,
        });
        for stored in page.iter() {
            // As a load does it.
            if let Err(error) = self.state.replay(&stored) {
                panic!("{}", with_causes(&error));
            }
        }
    }
}

/// What an aggregate decided.
#[derive(Debug)]
#[must_use = "nothing is checked yet"]
pub struct Decided<A: Aggregate, E> {
    given: Given<A>,
    outcome: Result<Vec<A::Event>, E>,
}

impl<A, E> Decided<A, E>
where
    A: Aggregate<Event: Debug + PartialEq>,
    E: Debug,
{
    /// It decided on exactly these events.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = A::Event>) -> Given<A> {
        let expected: Vec<_> = expected.into_iter().collect();
        match self.outcome {
            Err(error) => panic!(
                "expected events, but the command was refused: {error:#?}\n\nexpected: {expected:#?}"
            ),
            Ok(events) => {
                same("the decided events are", &expected, &events);
                let mut given = self.given;
                events.into_iter().for_each(|event| given.take(event));
                given
            }
        }
    }

    /// It saw nothing to do.
    #[track_caller]
    pub fn then_nothing(self) -> Given<A> {
        self.then([])
    }

    /// It refused, for this reason.
    #[track_caller]
    pub fn then_refused(self, expected: E)
    where
        E: PartialEq,
    {
        match self.outcome {
            Ok(events) => panic!(
                "expected a refusal, {expected:#?}, but the command was accepted with: {events:#?}"
            ),
            Err(error) => same("the refusal is", &expected, &error),
        }
    }

    /// The decided events led to this state.
    #[track_caller]
    pub fn then_state(self, expected: A)
    where
        A: Debug + PartialEq,
    {
        match self.outcome {
            Err(error) => panic!("expected a state, but the command was refused: {error:#?}"),
            Ok(events) => {
                let mut given = self.given;
                events.into_iter().for_each(|event| given.take(event));
                given.then_state(expected);
            }
        }
    }
}

#[track_caller]
fn same<T: Debug + PartialEq>(what: &str, expected: &T, actual: &T) {
    if expected != actual {
        panic!(
            "{what} not what was expected\n\n{}",
            diff(&format!("{expected:#?}"), &format!("{actual:#?}"))
        );
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
