//! What came in on each day.

use chrono::NaiveDate;
use rehydrate::{BoxError, Projection, ReadModel, Recorded};
use serde::{Deserialize, Serialize};

use crate::fine::{Fine, FineEvent};
use crate::money::Cents;

/// What came in on a day.
#[derive(ReadModel, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[read_model(table = "takings")]
pub struct TakingsOfADay {
    /// The day (UTC).
    #[read_model(key)]
    pub day: NaiveDate,
    /// How many payments there were.
    pub payments: u64,
    /// What they come to.
    pub cents: Cents,
}

/// The takings of all days.
#[derive(Clone, Copy, Debug)]
pub struct Takings;

impl Projection for Takings {
    type Events = Fine;
    type Row = TakingsOfADay;

    const NAME: &'static str = "takings";

    fn keys(
        &self,
        event: &Recorded<'_, FineEvent>,
    ) -> Result<impl IntoIterator<Item = NaiveDate>, BoxError> {
        let is_payment = matches!(event.event, FineEvent::PaymentReceived(_));
        Ok(is_payment.then(|| event.recorded_at().date_naive()))
    }

    fn apply(
        &self,
        row: &mut Option<TakingsOfADay>,
        event: &Recorded<'_, FineEvent>,
    ) -> Result<(), BoxError> {
        if let FineEvent::PaymentReceived(payment) = &event.event {
            let day = event.recorded_at().date_naive();
            let nothing = TakingsOfADay {
                day,
                payments: 0,
                cents: Cents::ZERO,
            };
            let takings = row.get_or_insert(nothing);
            takings.payments += 1;
            takings.cents += payment.cents;
        }
        Ok(())
    }
}
