//! The derive macros of `rehydrate`.

mod aggregate;
mod aggregate_id;
mod attr;
mod ctxt;
mod describe;
mod erase;
mod event;
mod event_set;
mod name;
mod read_model;
mod span;
mod text;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Implements `Event` for an enum of the things that can happen to an aggregate.
///
/// It also generates the trait `ApplyXEvent`, with a handler for each variant, which the
/// aggregate implements: a new variant without a handler does not compile. The enum derives
/// serde's own traits beside it.
///
/// ```
/// use rehydrate::{Aggregate, Event};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// enum AccountEvent {
///     Opened { owner: String },  // stored as `opened` with {"owner":"Ada"}
///     Deposited(Deposit),        // stored as `deposited` with {"cents":500}
///     Frozen,                    // stored as `frozen` with {}
/// }
///
/// #[derive(Serialize, Deserialize)]
/// struct Deposit {
///     cents: u64,
/// }
///
/// #[derive(Aggregate, Default)]
/// #[aggregate(id = u64, event = AccountEvent)]
/// struct Account {
///     owner: String,
///     cents: u64,
///     is_frozen: bool,
/// }
///
/// impl ApplyAccountEvent for Account {
///     fn opened(&mut self, owner: String) {
///         self.owner = owner;
///     }
///
///     fn deposited(&mut self, deposited: Deposit) {
///         self.cents += deposited.cents;
///     }
///
///     fn frozen(&mut self) {
///         self.is_frozen = true;
///     }
/// }
///
/// let mut account = Account::default();
/// account.apply(AccountEvent::Deposited(Deposit { cents: 500 }));
/// assert_eq!(account.cents, 500);
/// assert_eq!(AccountEvent::Frozen.event_type(), "frozen");
/// ```
///
/// # On a variant
///
/// | attribute | meaning |
/// |---|---|
/// | `#[event(name = "…")]` | the stored type, in place of the variant in snake_case |
/// | `#[event(alias = "…")]` | an older stored type that is read as this variant; repeatable |
/// | `#[event(history(V1, V2))]` | what payloads of schema version 1 and 2 look like; today's version is then 3 |
/// | `#[event(other)]` | on a unit variant: stands for every type that the enum does not know |
///
/// A stored type has 1 to 100 bytes without white space and control characters. No two of an
/// enum may be equal, nor differ only by case.
///
/// Each entry of `history` needs a link to the next one, and the last one a link to today: `From`,
/// `TryFrom`, or `Upcast` where the link needs the stored event. Today is the struct of a newtype
/// variant, and the enum itself for other variants. `_` stands for a version that was never
/// shipped or is no longer read; it is an error to meet it.
///
/// ```
/// use rehydrate::Event;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// enum PaymentEvent {
///     #[event(history(CapturedV1, CapturedV2))]
///     Captured { cents: u64, currency: String },
/// }
///
/// #[derive(Deserialize)]
/// struct CapturedV1 {
///     euros: u64,
/// }
///
/// #[derive(Deserialize)]
/// struct CapturedV2 {
///     cents: u64,
/// }
///
/// impl From<CapturedV1> for CapturedV2 {
///     fn from(old: CapturedV1) -> Self {
///         Self { cents: old.euros * 100 }
///     }
/// }
///
/// impl From<CapturedV2> for PaymentEvent {
///     fn from(old: CapturedV2) -> Self {
///         Self::Captured { cents: old.cents, currency: "EUR".to_owned() }
///     }
/// }
/// ```
///
/// # On the enum
///
/// | attribute | meaning |
/// |---|---|
/// | `#[event(retired("…"))]` | stored types that decode to nothing, while their versions still count; repeatable |
/// | `#[event(legacy("…" = Type))]` | a stored type that decodes to any number of today's events; repeatable |
/// | `#[event(legacy("…" = V3, history(V1, V2)))]` | the same for a type that had schema versions of its own |
/// | `#[event(borrow)]` | handlers get each `String` of a variant as `&str`, which a load need not allocate |
///
/// ```
/// use rehydrate::Event;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(retired("flagged", "unflagged"), legacy("capture_and_refund" = CaptureAndRefund))]
/// enum PaymentEvent {
///     Captured { cents: u64 },
///     Refunded { cents: u64 },
///     #[event(other)]
///     Unknown,
/// }
///
/// #[derive(Deserialize)]
/// struct CaptureAndRefund {
///     cents: u64,
/// }
///
/// impl From<CaptureAndRefund> for Vec<PaymentEvent> {
///     fn from(CaptureAndRefund { cents }: CaptureAndRefund) -> Self {
///         vec![PaymentEvent::Captured { cents }, PaymentEvent::Refunded { cents }]
///     }
/// }
/// ```
///
/// With `borrow`, a load reads the texts of today's schema version where they are stored, and only
/// those with escapes, as `\n`, are copied. It is about fields of the type `String` in the variants
/// themselves, not about structs within them; one with serde's `with` or `skip`, or with a `default`
/// of the application's, is handed over as `&str` too, but is made first. What is stored is the same.
/// The enum has to derive serde's `Deserialize`, below whatever writes attributes of serde's: a load
/// reads its fields as that derive does, so it would not see a `Deserialize` written by hand.
///
/// ```
/// # use rehydrate::{Aggregate, Event};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Event, Serialize, Deserialize)]
/// #[event(borrow)]
/// enum NoteEvent {
///     Written { author: String, text: String },
/// }
///
/// #[derive(Aggregate, Default)]
/// #[aggregate(id = u64, event = NoteEvent)]
/// struct Note {
///     author: String,
///     letters: usize,
/// }
///
/// impl ApplyNoteEvent for Note {
///     fn written(&mut self, author: &str, text: &str) {
///         self.author = author.to_owned();
///         self.letters += text.len();
///     }
/// }
/// ```
///
/// # serde
///
/// serde's attributes on fields work as they do elsewhere. On the enum, `tag`, `content`,
/// `untagged`, `from`, `try_from`, `into` and `remote` are errors, as are `skip` and its kin,
/// `other` and `untagged` on a variant: the payload is the content of one variant, because the
/// type has a column of its own. `rename` and `alias` on a variant have no effect on what is
/// stored.
#[proc_macro_derive(Event, attributes(event))]
pub fn event(input: TokenStream) -> TokenStream {
    event::derive(&parse_macro_input!(input)).into()
}

/// Implements `Aggregate` for a struct or an enum whose state is the fold of its events.
///
/// `Default` is the state before the first event. The handlers are in the trait `ApplyXEvent` that
/// `derive(Event)` generated for the event enum.
///
/// ```
/// use rehydrate::{Aggregate, Event};
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// #[derive(Event, Serialize, Deserialize)]
/// enum DoorEvent {
///     Opened,
///     Shut,
/// }
///
/// #[derive(Aggregate, Default, Serialize, Deserialize)]
/// #[aggregate(id = Uuid, event = DoorEvent, category = "door", snapshot(every = 100, version = 2))]
/// enum Door {
///     #[default]
///     Open,
///     Closed,
/// }
///
/// impl ApplyDoorEvent for Door {
///     fn opened(&mut self) {
///         *self = Self::Open;
///     }
///
///     fn shut(&mut self) {
///         *self = Self::Closed;
///     }
/// }
///
/// assert_eq!(Door::CATEGORY, "door");
/// ```
///
/// # `#[aggregate(…)]`
///
/// | key | meaning |
/// |---|---|
/// | `id = Type` | required: what tells one aggregate from another |
/// | `event = Type` | required: the event enum |
/// | `category = "…"` | the stored type name; the type in snake_case if it is not given. 1 to 64 bytes without `/`, control characters, and white space at its ends |
/// | `snapshot(every = N)` | a snapshot after each N events; the state derives serde's traits |
/// | `snapshot(every = N, version = V)` | V is 0 if it is not given |
///
/// A snapshot is used only by a program with the same fingerprint. It covers what the state looks
/// like as JSON, the types within that [derive `Describe`](macro@Describe) included, and V. Raise V
/// when a handler computes another state of the same shape, or when a type changes that is not
/// described.
#[proc_macro_derive(Aggregate, attributes(aggregate))]
pub fn aggregate(input: TokenStream) -> TokenStream {
    aggregate::derive(&parse_macro_input!(input)).into()
}

/// Makes an id of a newtype around `Uuid`, `String` or an integer.
///
/// It implements `AggregateId`, `Display`, `FromStr`, `From` and serde's `Serialize` and
/// `Deserialize`, all as the type inside does it; `Describe`, if that has it; and `new()`, a fresh
/// version 7 UUID, if that is `Uuid`.
///
/// ```
/// use rehydrate::AggregateId;
/// use uuid::Uuid;
///
/// #[derive(AggregateId, Clone, Debug, PartialEq)]
/// struct AccountId(Uuid);
///
/// let id = AccountId::new();
/// assert_eq!(id.to_string().parse::<AccountId>()?, id);
///
/// #[derive(AggregateId)]
/// struct Iban(String);
///
/// assert_eq!(Iban::from("DE02".to_owned()).to_string(), "DE02");
/// # Ok::<(), rehydrate::InvalidId>(())
/// ```
#[proc_macro_derive(AggregateId)]
pub fn aggregate_id(input: TokenStream) -> TokenStream {
    aggregate_id::derive(&parse_macro_input!(input)).into()
}

/// Implements `EventSet` for an enum of the event enums of several aggregates.
///
/// A consumer of the log that names the set reads the events of exactly these aggregates, each as
/// the variant of its event enum.
///
/// ```
/// use rehydrate::{Aggregate, Event, EventSet};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(EventSet)]
/// enum ShopEvent {
///     Order(OrderEvent),
///     Payment(PaymentEvent),
/// }
///
/// #[derive(Event, Serialize, Deserialize)]
/// enum OrderEvent {
///     Placed,
/// }
///
/// #[derive(Aggregate, Default)]
/// #[aggregate(id = u64, event = OrderEvent)]
/// struct Order;
///
/// #[derive(Event, Serialize, Deserialize)]
/// enum PaymentEvent {
///     Captured { cents: u64 },
/// }
///
/// #[derive(Aggregate, Default)]
/// #[aggregate(id = u64, event = PaymentEvent)]
/// struct Payment;
///
/// impl ApplyOrderEvent for Order {
///     fn placed(&mut self) {}
/// }
///
/// impl ApplyPaymentEvent for Payment {
///     fn captured(&mut self, _cents: u64) {}
/// }
///
/// assert_eq!(ShopEvent::categories(), ["order", "payment"]);
/// ```
///
/// # On a variant
///
/// | attribute | meaning |
/// |---|---|
/// | `#[event_set(aggregate = Type)]` | whose events these are; needed where two aggregates have the event enum, or where the aggregate is written by hand |
///
/// Without it the aggregate is the one with `derive(Aggregate)` that names the event enum. It has
/// to be visible where the set is.
#[proc_macro_derive(EventSet, attributes(event_set))]
pub fn event_set(input: TokenStream) -> TokenStream {
    event_set::derive(&parse_macro_input!(input)).into()
}

#[doc = include_str!("../docs/read_model.md")]
#[proc_macro_derive(ReadModel, attributes(read_model))]
pub fn read_model(input: TokenStream) -> TokenStream {
    read_model::derive(&parse_macro_input!(input)).into()
}

#[doc = include_str!("../docs/describe.md")]
#[proc_macro_derive(Describe)]
pub fn describe(input: TokenStream) -> TokenStream {
    describe::derive(&parse_macro_input!(input)).into()
}
