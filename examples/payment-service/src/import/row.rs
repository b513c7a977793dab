//! A row, as the event it is.

use chrono::{DateTime, Utc};
use rehydrate::{Aggregate, CommandContext, StreamId};

use super::Rejected;
use super::columns::{Column, Columns, Values};
use super::key::Keys;
use super::lines::{LONGEST, Line};
use crate::fine::{Fine, FineEvent, FineId, Issued, PaymentReceived, dismissal_code};
use crate::money::Cents;
use crate::time;

pub(super) struct Row {
    pub(super) line: u64,
    pub(super) fine: FineId,
    pub(super) event: FineEvent,
    recorded_at: DateTime<Utc>,
    key: String,
}

impl Row {
    pub(super) fn parse(
        line: &Line<'_>,
        columns: &Columns,
        keys: &mut Keys,
    ) -> Result<Self, Rejected> {
        let Some(text) = line.text else {
            return Err(Rejected {
                line: line.number,
                column: Column::FineId.name().to_owned(),
                reason: format!("the row is longer than {LONGEST} bytes"),
            });
        };
        let values = columns.split(line.number, text)?;
        let fine = FineId(values.text(Column::FineId).to_owned());
        StreamId::new(Fine::CATEGORY, &fine)
            .map_err(|error| values.fault(Column::FineId, error))?;
        let day = time::day(values.text(Column::Date))
            .map_err(|error| values.fault(Column::Date, error))?;
        Ok(Self {
            line: line.number,
            fine,
            event: values.event()?,
            recorded_at: time::start_of(day),
            key: keys.key(&values.content()),
        })
    }

    pub(super) fn context(&self) -> CommandContext {
        CommandContext::new()
            .idempotency_key(&self.key)
            .recorded_at(self.recorded_at)
    }

    pub(super) fn fault(&self, column: Column, reason: impl ToString) -> Rejected {
        Rejected {
            line: self.line,
            column: column.name().to_owned(),
            reason: reason.to_string(),
        }
    }
}

impl Values {
    fn event(&self) -> Result<FineEvent, Rejected> {
        Ok(match self.text(Column::Activity) {
            "Create Fine" => FineEvent::Issued(self.issued()?),
            "Send Fine" => FineEvent::Sent {
                expense: self.cents(Column::Expense)?,
            },
            "Insert Fine Notification" => FineEvent::Notified {
                notification_type: self.optional(Column::NotificationType),
                last_sent: self.optional(Column::LastSent),
            },
            "Add penalty" => FineEvent::PenaltyAdded {
                amount: self.cents(Column::Amount)?,
            },
            "Payment" => FineEvent::PaymentReceived(PaymentReceived {
                cents: self.cents(Column::Payment)?,
                stated_total_cents: self.optional_cents(Column::TotalPaid)?,
                reference: None,
            }),
            "Send for Credit Collection" => FineEvent::HandedToCreditCollection,
            "Insert Date Appeal to Prefecture" => FineEvent::AppealFiled,
            "Send Appeal to Prefecture" => FineEvent::AppealSentToPrefecture {
                dismissal: self.dismissal(),
            },
            "Receive Result Appeal from Prefecture" => FineEvent::AppealResultReceived,
            "Notify Result Appeal to Offender" => FineEvent::AppealResultNotified,
            "Appeal to Judge" => FineEvent::AppealedToJudge {
                officer: self.optional(Column::Officer),
                dismissal: self.dismissal(),
            },
            unknown => {
                return Err(self.fault(
                    Column::Activity,
                    format_args!("unknown activity {unknown:?}"),
                ));
            }
        })
    }

    fn issued(&self) -> Result<Issued, Rejected> {
        Ok(Issued {
            amount: self.cents(Column::Amount)?,
            article: self.optional(Column::Article),
            points: self.points()?,
            vehicle_class: self.optional(Column::VehicleClass),
            officer: self.optional(Column::Officer),
            dismissal: self.dismissal(),
            stated_total_cents: self.optional_cents(Column::TotalPaid)?,
        })
    }

    fn cents(&self, column: Column) -> Result<Cents, Rejected> {
        match self.text(column) {
            "" => Err(self.fault(column, "the amount is missing")),
            text => text
                .parse()
                .map_err(|error| self.fault(column, format_args!("{text:?}: {error}"))),
        }
    }

    fn optional_cents(&self, column: Column) -> Result<Option<Cents>, Rejected> {
        match self.text(column) {
            "" => Ok(None),
            _ => self.cents(column).map(Some),
        }
    }

    fn points(&self) -> Result<Option<u32>, Rejected> {
        match self.text(Column::Points) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                self.fault(
                    Column::Points,
                    format_args!("{text:?}: not a number of points"),
                )
            }),
        }
    }

    fn optional(&self, column: Column) -> Option<String> {
        let text = self.text(column);
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn dismissal(&self) -> Option<String> {
        dismissal_code(self.text(Column::Dismissal))
    }
}
