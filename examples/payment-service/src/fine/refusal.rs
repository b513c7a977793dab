//! Why a decision says no.

use super::Appeal;
use crate::money::Cents;

/// Why something cannot be done with a fine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The fine was never issued.
    #[error("there is no such fine")]
    UnknownFine,
    /// The fine was issued before.
    #[error("the fine was already issued")]
    AlreadyIssued,
    /// Zero or less.
    #[error("an amount must be more than zero, not {0}")]
    NotPositive(Cents),
    /// More than any fine can be.
    #[error("an amount of {0} is larger than any fine")]
    TooLarge(Cents),
    /// Nothing is left to be paid.
    #[error("the fine is already fully paid")]
    AlreadyPaid,
    /// More than is left to be paid.
    #[error("{paid} is more than the {outstanding} that are outstanding")]
    Overpaid {
        /// What was to be paid.
        paid: Cents,
        /// What is left to be paid.
        outstanding: Cents,
    },
    /// The fine was dismissed.
    #[error("the fine was dismissed (code {code})")]
    Dismissed {
        /// By this code.
        code: String,
    },
    /// A dismissal without a code.
    #[error("a dismissal needs a code")]
    NoDismissalCode,
    /// The fine was sent before.
    #[error("the fine was already sent")]
    AlreadySent,
    /// The fine was not sent, so nobody can have received it.
    #[error("the fine was not sent yet")]
    NotSent,
    /// The offender was notified before.
    #[error("the offender was already notified")]
    AlreadyNotified,
    /// The penalty was added before.
    #[error("a penalty was already added")]
    PenaltyAlreadyAdded,
    /// The penalty would lower the fine.
    #[error("a penalty of {penalty} is lower than the fine of {amount}")]
    PenaltyTooLow {
        /// The new amount that was asked for.
        penalty: Cents,
        /// The fine's amount.
        amount: Cents,
    },
    /// Somebody else collects it already.
    #[error("the fine was already handed to credit collection")]
    AlreadyInCollection,
    /// The appeal is not where this step begins.
    #[error("an appeal at {at:?} cannot go to {to:?}")]
    AppealOutOfOrder {
        /// Where the appeal is.
        at: Option<Appeal>,
        /// Where it was to go.
        to: Appeal,
    },
}
