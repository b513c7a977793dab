//! What can happen to a fine.

use rehydrate::{Describe, Event};
use serde::{Deserialize, Serialize};

use super::past::{PaymentReceivedV1, PaymentReceivedV2};
use crate::money::Cents;

/// What can happen to a fine.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FineEvent {
    /// The police issued it.
    Issued(Issued),
    /// It was sent by post, at the offender's expense.
    Sent {
        /// Postage, added to what is owed.
        expense: Cents,
    },
    /// The offender was notified.
    Notified {
        /// How the notification was delivered.
        notification_type: Option<String>,
        /// To whom it was last sent.
        last_sent: Option<String>,
    },
    /// It was not paid in time.
    PenaltyAdded {
        /// The new amount, which replaces the fine's.
        amount: Cents,
    },
    /// Somebody paid.
    #[event(history(PaymentReceivedV1, PaymentReceivedV2))]
    PaymentReceived(PaymentReceived),
    /// Somebody else collects it from now on.
    HandedToCreditCollection,
    /// The date of the offender's appeal was put on file.
    AppealFiled,
    /// The appeal was sent to the prefecture.
    AppealSentToPrefecture {
        /// The code by which the fine was dismissed, if it was.
        dismissal: Option<String>,
    },
    /// The prefecture has answered.
    AppealResultReceived,
    /// The offender was told the answer.
    AppealResultNotified,
    /// The offender went to a judge.
    AppealedToJudge {
        /// Who represents the office.
        officer: Option<String>,
        /// The code by which the fine was dismissed, if it was.
        dismissal: Option<String>,
    },
    /// The office gave it up.
    Dismissed {
        /// Why.
        code: String,
    },
}

/// The police issued a fine.
#[derive(Describe, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Issued {
    /// What is to be paid.
    pub amount: Cents,
    /// The article of the traffic law.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// Points taken from the driving licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<u32>,
    /// What was driven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vehicle_class: Option<String>,
    /// Who issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<String>,
    /// The code by which it was dismissed on the spot, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissal: Option<String>,
    /// What the source system says had been paid in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_total_cents: Option<Cents>,
}

/// Somebody paid. The shape has changed twice; see [`PaymentReceivedV1`].
#[derive(Describe, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PaymentReceived {
    /// How much.
    pub cents: Cents,
    /// What the source system says had been paid in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_total_cents: Option<Cents>,
    /// What the payer wrote on the transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}
