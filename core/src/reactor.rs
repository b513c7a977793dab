//! Consumers with effects on the outside world.

mod attempt;
mod erased;
mod failure;
mod retries;

use std::future::Future;

use chrono::{DateTime, Utc};

use crate::event_set::{EventSet, Recorded};

pub use self::attempt::Attempt;
pub(crate) use self::erased::{AnyReactor, Destination, ErasedReactor, Outcome, ReactorDefinition};
pub use self::failure::Failure;
pub use self::retries::Retries;

/// What is to happen outside when an event has happened: a mail, a call of a gateway, a command
/// for another aggregate.
///
/// Every event is delivered at least once, those of one stream in order, and none is delivered by a
/// replay or a rebuild: those take projections only. A program that dies between an effect and the
/// note of it delivers the event again, so give the [delivery key](Attempt::key) to whatever is
/// called: it is the same at every attempt, and a mail server or a payment gateway that knows
/// idempotency keys then does it once. A command with [`Attempt::command`] is executed once.
///
/// A process manager, which answers events with commands:
///
/// ```
/// use rehydrate::{Aggregate, Attempt, Event, Failure, MemoryStore, Reaction, Reactor};
/// use rehydrate::{Recorded, Repository, Runner, Start};
/// use serde::{Deserialize, Serialize};
///
/// # #[derive(Event, Serialize, Deserialize)]
/// # enum OrderEvent { Placed { cents: u64 } }
/// # #[derive(Aggregate, Default)]
/// # #[aggregate(id = String, event = OrderEvent)]
/// # struct Order;
/// # impl ApplyOrderEvent for Order { fn placed(&mut self, _cents: u64) {} }
/// # #[derive(Event, Serialize, Deserialize)]
/// # enum PaymentEvent { Requested { cents: u64 } }
/// # #[derive(Aggregate, Default)]
/// # #[aggregate(id = String, event = PaymentEvent)]
/// # struct Payment { cents: u64 }
/// # impl ApplyPaymentEvent for Payment { fn requested(&mut self, cents: u64) { self.cents += cents; } }
/// # impl Payment {
/// #     fn request(&self, cents: u64) -> Result<PaymentEvent, std::convert::Infallible> {
/// #         Ok(PaymentEvent::Requested { cents })
/// #     }
/// # }
/// struct Billing { payments: Repository<Payment> }
///
/// impl Reactor for Billing {
///     type Events = Order;
///     const NAME: &'static str = "billing";
///     const START: Start = Start::Beginning;
///
///     async fn react(
///         &self,
///         event: &Recorded<'_, OrderEvent>,
///         attempt: &Attempt,
///     ) -> Result<Reaction, Failure> {
///         let OrderEvent::Placed { cents } = event.event;
///         let payment = event.stream_id.to_owned();
///         self.payments
///             .execute_with(&payment, attempt.command(), |payment| payment.request(cents))
///             .await?;
///         Ok(Reaction::Done)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = MemoryStore::new();
/// # let orders: Repository<Order> = Repository::new(store.clone());
/// # let id = "order-1".to_owned();
/// # let order = |_: &Order| Ok::<_, std::convert::Infallible>(OrderEvent::Placed { cents: 500 });
/// # orders.execute(&id, order).await?;
/// let payments: Repository<Payment> = Repository::new(store.clone());
/// let runner = Runner::new(store).reactor(Billing { payments: payments.clone() });
/// runner.drain().await?;
/// assert_eq!(payments.load(&id).await?.cents, 500);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a reactor",
    label = "expected something that implements `Reactor`",
    note = "a reactor has effects on the outside world; what is kept in tables is a `Projection`, and is handed to `Runner::projection`"
)]
pub trait Reactor: Send + Sync + 'static {
    /// The events it answers: an aggregate, or an enum with `#[derive(EventSet)]`.
    type Events: EventSet;

    /// Its name, in the whole store. Whoever changes it has a new reactor, which has answered
    /// nothing yet.
    const NAME: &'static str;

    /// Where it begins when it runs for the first time. There is no default on purpose: one of the
    /// two sends mails for ten years of history.
    const START: Start;

    /// How often, and after which pauses, an event that failed is delivered again.
    const RETRIES: Retries = Retries::DEFAULT;

    /// Answers an event.
    ///
    /// One is answered after the other, so whoever never returns holds up everything; set a time
    /// limit for what is called. When the program is told to stop, it waits for the answer. What
    /// takes the processor for long belongs to `spawn_blocking`, or somebody else takes the reactor
    /// to be dead and does the same.
    ///
    /// # Errors
    /// `?` on any error makes a [transient failure](Failure::transient): the event is delivered
    /// again after a pause, and is parked when all attempts of [`Reactor::RETRIES`] have failed.
    /// With [`Failure::poison`] it is parked at once, and so it is if this panics. Until it is
    /// settled, later events of its stream wait; other streams go on.
    fn react(
        &self,
        event: &Recorded<'_, <Self::Events as EventSet>::Event>,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<Reaction, Failure>> + Send;
}

/// Where a reactor begins when it runs on a store for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It answers what happens from then on, and nothing that has happened before.
    Now,
    /// It answers the whole log.
    Beginning,
}

/// What has come of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It is answered.
    Done,
    /// It is to be delivered once more at this time, by the runner's clock, or soon after: a timer
    /// that survives restarts. The attempts are counted anew. Later events of the stream do not
    /// wait for it, not even while it fails and is tried again.
    Again(DateTime<Utc>),
}

impl From<()> for Reaction {
    fn from((): ()) -> Self {
        Self::Done
    }
}
