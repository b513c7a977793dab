//! Read models kept by folding the log.

mod check;
mod definition;
mod erased;
mod fold;
mod folder;
mod parking;
mod times;

use rehydrate_port::BoxError;

use crate::event_set::{EventSet, Recorded};
use crate::read_model::ReadModel;

pub(crate) use self::definition::Definition;
pub(crate) use self::erased::{AnyProjection, Erased, Folder, Poisoned};
pub(crate) use self::fold::{KeyOf, Prepared, Rows as RowMap};
pub(crate) use self::parking::{Held, park, shard_of};
pub(crate) use self::times::{kept_key, key_values};

/// A read model: rows in a table, kept by folding the log.
///
/// For each event it says which rows are concerned, and what becomes of each of them. It does not
/// read or write anything itself, so the same definition runs in an SQL database, in memory and in
/// a test, now or over the history of ten years, and gives the same rows: whoever runs it loads the
/// rows of many events at once, applies the events in order, and stores rows and checkpoint in one
/// transaction. No event is taken twice, none is left out.
///
/// ```
/// use std::convert::Infallible;
///
/// use rehydrate::{Aggregate, BoxError, Event, MemoryStore, Projection, ReadModel, Recorded};
/// use rehydrate::{Repository, Rows, Runner};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// enum AccountEvent { Opened { owner: String }, Deposited { cents: i64 } }
///
/// #[derive(Aggregate, Default)]
/// #[aggregate(id = String, event = AccountEvent)]
/// struct Account { owner: String }
///
/// impl ApplyAccountEvent for Account {
///     fn opened(&mut self, owner: String) { self.owner = owner; }
///     fn deposited(&mut self, _cents: i64) {}
/// }
///
/// #[derive(ReadModel, Serialize, Deserialize, Clone, Debug, PartialEq)]
/// #[read_model(table = "wealth")]
/// struct Wealth {
///     #[read_model(key)]
///     account: String,
///     cents: i64,
/// }
///
/// struct WealthOfAccounts;
///
/// impl Projection for WealthOfAccounts {
///     type Events = Account;
///     type Row = Wealth;
///     const NAME: &'static str = "wealth";
///
///     fn keys(&self, event: &Recorded<'_, AccountEvent>) -> Result<impl IntoIterator<Item = String>, BoxError> {
///         Ok([event.stream_id.to_owned()])
///     }
///
///     fn apply(
///         &self,
///         row: &mut Option<Wealth>,
///         event: &Recorded<'_, AccountEvent>,
///     ) -> Result<(), BoxError> {
///         let account = event.stream_id.to_owned();
///         let wealth = row.get_or_insert(Wealth { account, cents: 0 });
///         if let AccountEvent::Deposited { cents } = event.event {
///             wealth.cents += cents;
///         }
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let accounts: Repository<Account> = Repository::new(store.clone());
/// let id = "ada".to_owned();
/// accounts.execute(&id, |_| Ok::<_, Infallible>(AccountEvent::Deposited { cents: 500 })).await?;
///
/// let runner = Runner::new(store.clone()).projection(WealthOfAccounts);
/// runner.catch_up().await?;
/// let wealth = Rows::<WealthOfAccounts>::new(store).get(&id).await?;
/// assert_eq!(wealth.unwrap().cents, 500);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection",
    label = "needs a type that implements `Projection`; only such are rebuilt and replayed",
    note = "a reactor has effects on the outside world, and a replay would repeat them: it is never replayed, and a `Runner` is given it with `.reactor(…)`; implement `Projection` for what is kept in tables only"
)]
pub trait Projection: Send + Sync + 'static {
    /// The events it reads: an aggregate, or an enum with `#[derive(EventSet)]`.
    type Events: EventSet;

    /// A row of its table.
    type Row: ReadModel;

    /// Its name, in the whole store.
    const NAME: &'static str;

    /// Raise it when rows of the same events would look different than before: a program with a
    /// newer version builds a new table beside the live one and then takes its place.
    const VERSION: u32 = 1;

    /// Whether a row is made of the events of one stream only.
    const ROWS: RowScope = RowScope::Shared;

    /// Whether an event that is applied once more changes nothing, so that parts of the log may be
    /// replayed over the rows that are there.
    const IDEMPOTENT: bool = false;

    /// How many tasks share the streams among them. More than one only if rows are
    /// [`RowScope::PerStream`].
    const SHARDS: u32 = 1;

    /// The keys of the rows that an event concerns; none, if it is of no interest.
    ///
    /// # Errors
    /// As for [`Projection::apply`]: such as an id that is none.
    fn keys(
        &self,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<impl IntoIterator<Item = <Self::Row as ReadModel>::Key>, BoxError>;

    /// What becomes of one of these rows; `None` is a row that is not there.
    ///
    /// It is called once for each key, and must not depend on anything but the row and the event.
    /// The row that it is given is what the table would give back: times have microseconds.
    ///
    /// # Errors
    /// The event cannot be taken. Nothing of it is kept; its stream is parked with the error, and
    /// everything else goes on. A panic does the same, and so does a row that its table cannot
    /// hold: an integer of more than 63 bits, a NUL character, or more than 255 characters of text
    /// in a column that is part of the key or has an index. (Columns of JSON are looked at only when
    /// a batch is written.)
    fn apply(
        &self,
        row: &mut Option<Self::Row>,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<(), BoxError>;
}

/// What a projection is handed.
pub type EventOf<P> = <<P as Projection>::Events as EventSet>::Event;

/// Of which events a row of a read model is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowScope {
    /// Of the events of one stream: [`Projection::keys`] depends on the stream alone. Such rows can
    /// be rebuilt stream by stream, verified by sample, and kept by several tasks at once.
    PerStream,
    /// Of the events of any streams.
    Shared,
}
