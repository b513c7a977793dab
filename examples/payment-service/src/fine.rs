//! A traffic fine and its payments: the domain, with nothing of storage or HTTP in it.

mod decisions;
mod events;
mod past;
mod refusal;

use rehydrate::{Aggregate, AggregateId, Describe};
use serde::{Deserialize, Serialize};

use crate::money::Cents;

pub use events::{ApplyFineEvent, FineEvent, Issued, PaymentReceived};
pub use past::{PaymentReceivedV1, PaymentReceivedV2};
pub use refusal::Refusal;

/// What tells one fine from another, `A22688`.
#[derive(AggregateId, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FineId(pub String);

/// A fine as its events have left it.
#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(id = FineId, event = FineEvent, snapshot(every = 10))]
pub struct Fine {
    /// How far the office has come with it.
    pub stage: Stage,
    /// The fine as it was issued.
    pub amount: Cents,
    /// What replaced the amount when the penalty was added.
    pub penalty: Option<Cents>,
    /// Postage.
    pub expense: Cents,
    /// The sum of all payments.
    pub paid: Cents,
    /// How many payments there were.
    pub payments: u32,
    /// What the source system last said had been paid in all.
    pub stated: Option<Statement>,
    /// How far the offender's appeal has come.
    pub appeal: Option<Appeal>,
    /// The code by which it was dismissed.
    pub dismissal: Option<String>,
}

/// The code of a dismissal; none for `NIL`, which is how the office says "not dismissed".
#[must_use]
pub fn dismissal_code(text: &str) -> Option<String> {
    (!text.is_empty() && text != "NIL").then(|| text.to_owned())
}

/// How far the office has come with a fine.
#[derive(
    Describe, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// There is no such fine.
    #[default]
    Unknown,
    /// It was issued.
    Issued,
    /// It was sent by post.
    Sent,
    /// The offender was notified.
    Notified,
    /// Somebody else collects it.
    InCreditCollection,
}

/// How far an appeal has come.
#[derive(Describe, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Appeal {
    /// The date of the appeal is on file.
    Filed,
    /// It was sent to the prefecture.
    SentToPrefecture,
    /// The prefecture has answered.
    ResultReceived,
    /// The offender knows the answer.
    ResultNotified,
    /// The offender went to a judge.
    BeforeJudge,
}

/// What the source system said had been paid in all, and what we knew of at that moment.
///
/// Payments that come later, over the counter of this service, are not part of the statement, so
/// they cannot contradict it.
#[derive(Describe, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// What the source system said.
    pub stated: Cents,
    /// The sum of the payments up to then.
    pub paid: Cents,
}

impl Fine {
    /// What is owed in all: the amount, or the penalty that replaced it, and the expense.
    #[must_use]
    pub fn owed(&self) -> Cents {
        self.penalty.unwrap_or(self.amount) + self.expense
    }

    /// What is still to be paid; nothing once the fine is dismissed.
    #[must_use]
    pub fn outstanding(&self) -> Cents {
        if self.dismissal.is_some() {
            return Cents::ZERO;
        }
        Cents::ZERO.max(self.owed() - self.paid)
    }

    fn reach(&mut self, stage: Stage) {
        self.stage = self.stage.max(stage);
    }

    fn dismiss_if(&mut self, dismissal: Option<String>) {
        self.dismissal = dismissal.or(self.dismissal.take());
    }

    fn state_total(&mut self, stated: Option<Cents>) {
        let paid = self.paid;
        self.stated = stated
            .map(|stated| Statement { stated, paid })
            .or(self.stated);
    }
}

impl ApplyFineEvent for Fine {
    fn issued(&mut self, issued: Issued) {
        self.reach(Stage::Issued);
        self.amount = issued.amount;
        self.dismiss_if(issued.dismissal);
        self.state_total(issued.stated_total_cents);
    }

    fn sent(&mut self, expense: Cents) {
        self.reach(Stage::Sent);
        self.expense += expense;
    }

    fn notified(&mut self, _notification_type: Option<String>, _last_sent: Option<String>) {
        self.reach(Stage::Notified);
    }

    fn penalty_added(&mut self, amount: Cents) {
        self.penalty = Some(amount);
    }

    fn payment_received(&mut self, payment: PaymentReceived) {
        self.paid += payment.cents;
        self.payments = self.payments.saturating_add(1);
        self.state_total(payment.stated_total_cents);
    }

    fn handed_to_credit_collection(&mut self) {
        self.reach(Stage::InCreditCollection);
    }

    fn appeal_filed(&mut self) {
        self.appeal = Some(Appeal::Filed);
    }

    fn appeal_sent_to_prefecture(&mut self, dismissal: Option<String>) {
        self.appeal = Some(Appeal::SentToPrefecture);
        self.dismiss_if(dismissal);
    }

    fn appeal_result_received(&mut self) {
        self.appeal = Some(Appeal::ResultReceived);
    }

    fn appeal_result_notified(&mut self) {
        self.appeal = Some(Appeal::ResultNotified);
    }

    fn appealed_to_judge(&mut self, _officer: Option<String>, dismissal: Option<String>) {
        self.appeal = Some(Appeal::BeforeJudge);
        self.dismiss_if(dismissal);
    }

    fn dismissed(&mut self, code: String) {
        self.dismissal = Some(code);
    }
}
