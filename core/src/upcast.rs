//! From an older shape of an event to a newer one.

use rehydrate_port::{BoxError, StoredEvent};

/// One link of an event's history: turns an older payload into the next newer one.
///
/// Every type with `From` or `TryFrom` between the two already has it. Implement it by hand where
/// the link needs to know the event's stream, position, metadata or recorded time.
///
/// ```
/// use rehydrate::{StoredEvent, Upcast};
///
/// struct RefundedV1 { cents: u64 }
/// struct Refunded { cents: u64, year: i32 }
///
/// impl Upcast<Refunded> for RefundedV1 {
///     type Error = std::convert::Infallible;
///
///     fn upcast(self, stored: &StoredEvent<'_>) -> Result<Refunded, Self::Error> {
///         use chrono::Datelike;
///         Ok(Refunded { cents: self.cents, year: stored.recorded_at.year() })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be upcast to `{To}`",
    label = "no link from `{Self}` to `{To}`",
    note = "write `impl From<{Self}> for {To}`, or `impl Upcast<{To}> for {Self}` if the link needs the stored event"
)]
pub trait Upcast<To>: Sized {
    /// Why a payload cannot be upcast.
    type Error: Into<BoxError>;

    /// The payload in the newer shape.
    ///
    /// # Errors
    /// The payload has no meaning in the newer shape; the stream cannot be read until the link
    /// knows what to do with it.
    fn upcast(self, stored: &StoredEvent<'_>) -> Result<To, Self::Error>;
}

// Otherwise a missing link is reported as a missing `From`, without saying what it is for.
#[diagnostic::do_not_recommend]
impl<From, To> Upcast<To> for From
where
    From: TryInto<To>,
    From::Error: Into<BoxError>,
{
    type Error = From::Error;

    fn upcast(self, _: &StoredEvent<'_>) -> Result<To, Self::Error> {
        self.try_into()
    }
}
