//! What is owed and paid for each fine.

use chrono::NaiveDate;
use rehydrate::{BoxError, Projection, ReadModel, Recorded, RowScope};
use serde::{Deserialize, Serialize};

use crate::fine::{Fine, FineEvent, FineId};
use crate::money::Cents;

/// What is owed and paid for a fine.
#[derive(ReadModel, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[read_model(table = "balances")]
pub struct Balance {
    /// The fine.
    #[read_model(key)]
    pub fine: FineId,
    /// The fine's amount, or the penalty that replaced it.
    pub amount_cents: Cents,
    /// Postage.
    pub expense_cents: Cents,
    /// What is owed in all.
    pub owed_cents: Cents,
    /// What was paid in all.
    pub paid_cents: Cents,
    /// What is still to be paid.
    #[read_model(index)]
    pub outstanding_cents: Cents,
    /// The code by which it was dismissed.
    pub dismissal: Option<String>,
    /// The day of the last payment.
    pub last_payment: Option<NaiveDate>,
}

impl Balance {
    fn of(fine: FineId) -> Self {
        Self {
            fine,
            amount_cents: Cents::ZERO,
            expense_cents: Cents::ZERO,
            owed_cents: Cents::ZERO,
            paid_cents: Cents::ZERO,
            outstanding_cents: Cents::ZERO,
            dismissal: None,
            last_payment: None,
        }
    }

    fn apply(&mut self, event: &Recorded<'_, FineEvent>, repetitions: Repetitions) {
        match &event.event {
            FineEvent::Issued(issued) => {
                self.amount_cents = issued.amount;
                self.dismiss_if(issued.dismissal.as_deref());
            }
            FineEvent::Sent { expense } => self.expense_cents += *expense,
            FineEvent::PenaltyAdded { amount } => self.amount_cents = *amount,
            FineEvent::PaymentReceived(payment) => {
                let day = event.recorded_at().date_naive();
                let seems_repeated = self.last_payment == Some(day);
                if repetitions == Repetitions::AreTaken || !seems_repeated {
                    self.paid_cents += payment.cents;
                    self.last_payment = Some(day);
                }
            }
            FineEvent::AppealSentToPrefecture { dismissal }
            | FineEvent::AppealedToJudge { dismissal, .. } => {
                self.dismiss_if(dismissal.as_deref());
            }
            FineEvent::Dismissed { code } => self.dismiss_if(Some(code)),
            FineEvent::Notified { .. }
            | FineEvent::HandedToCreditCollection
            | FineEvent::AppealFiled
            | FineEvent::AppealResultReceived
            | FineEvent::AppealResultNotified => {}
        }
        self.owed_cents = self.amount_cents + self.expense_cents;
        self.outstanding_cents = if self.dismissal.is_some() {
            Cents::ZERO
        } else {
            Cents::ZERO.max(self.owed_cents - self.paid_cents)
        };
    }

    fn dismiss_if(&mut self, code: Option<&str>) {
        if let Some(code) = code {
            self.dismissal = Some(code.to_owned());
        }
    }
}

/// What becomes of a second payment on one day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repetitions {
    AreTaken,
    AreIgnored,
}

/// The balances of all fines.
#[derive(Clone, Copy, Debug)]
pub struct Balances;

/// The balances of all fines, with the historical bug: it takes a second payment on one day for a
/// repetition of the first and ignores it. It is here to be found and repaired.
#[derive(Clone, Copy, Debug)]
pub struct BalancesV1;

macro_rules! balances {
    ($projection:ty, $version:literal, $repetitions:expr) => {
        impl Projection for $projection {
            type Events = Fine;
            type Row = Balance;

            const NAME: &'static str = "balances";
            const VERSION: u32 = $version;
            const ROWS: RowScope = RowScope::PerStream;

            fn keys(
                &self,
                event: &Recorded<'_, FineEvent>,
            ) -> Result<impl IntoIterator<Item = FineId>, BoxError> {
                Ok([event.id()?])
            }

            fn apply(
                &self,
                row: &mut Option<Balance>,
                event: &Recorded<'_, FineEvent>,
            ) -> Result<(), BoxError> {
                let fine = event.id()?;
                row.get_or_insert_with(|| Balance::of(fine))
                    .apply(event, $repetitions);
                Ok(())
            }
        }
    };
}

balances!(BalancesV1, 1, Repetitions::AreIgnored);
balances!(Balances, 2, Repetitions::AreTaken);
