//! What may happen to a fine next: each decision is a plain, pure method.

use super::{Appeal, Fine, FineEvent, Issued, PaymentReceived, Refusal, Stage};
use crate::money::Cents;

impl Fine {
    /// Issues it.
    ///
    /// # Errors
    /// It was issued before, or its amount is not more than zero.
    pub fn issue(&self, fine: Issued) -> Result<FineEvent, Refusal> {
        if self.stage != Stage::Unknown {
            return Err(Refusal::AlreadyIssued);
        }
        sensible(fine.amount)?;
        Ok(FineEvent::Issued(fine))
    }

    /// Sends it by post. Postage may be free.
    ///
    /// # Errors
    /// It was sent before, or there is nothing to send.
    pub fn send(&self, expense: Cents) -> Result<FineEvent, Refusal> {
        self.in_force()?;
        if self.stage >= Stage::Sent {
            return Err(Refusal::AlreadySent);
        }
        if expense != Cents::ZERO {
            sensible(expense)?;
        }
        Ok(FineEvent::Sent { expense })
    }

    /// Notes that the offender was notified.
    ///
    /// # Errors
    /// It was not sent yet, or the offender was notified before.
    pub fn notify(&self, notification_type: Option<String>) -> Result<FineEvent, Refusal> {
        self.in_force()?;
        match self.stage {
            Stage::Unknown | Stage::Issued => Err(Refusal::NotSent),
            Stage::Notified | Stage::InCreditCollection => Err(Refusal::AlreadyNotified),
            Stage::Sent => Ok(FineEvent::Notified {
                notification_type,
                last_sent: None,
            }),
        }
    }

    /// Raises the fine, once, to a new amount.
    ///
    /// # Errors
    /// It was raised before, or the new amount is lower.
    pub fn add_penalty(&self, amount: Cents) -> Result<FineEvent, Refusal> {
        self.in_force()?;
        sensible(amount)?;
        if self.penalty.is_some() {
            return Err(Refusal::PenaltyAlreadyAdded);
        }
        if amount < self.amount {
            return Err(Refusal::PenaltyTooLow {
                penalty: amount,
                amount: self.amount,
            });
        }
        Ok(FineEvent::PenaltyAdded { amount })
    }

    /// Doubles the fine if it is still unpaid and nothing speaks against a penalty.
    ///
    /// # Errors
    /// There is no such fine.
    pub fn penalize_if_unpaid(&self) -> Result<Option<FineEvent>, Refusal> {
        if self.stage == Stage::Unknown {
            return Err(Refusal::UnknownFine);
        }
        let is_spared = self.penalty.is_some()
            || self.appeal.is_some()
            || self.stage == Stage::InCreditCollection
            || self.outstanding() == Cents::ZERO;
        if is_spared {
            return Ok(None);
        }
        self.add_penalty(self.amount + self.amount).map(Some)
    }

    /// Takes a payment.
    ///
    /// Nobody can pay more than is outstanding: there is nothing it could be for, and a payment
    /// that was mistyped is cheaper to refuse than to pay back.
    ///
    /// # Errors
    /// It is zero or less, or more than is outstanding; or nothing is outstanding.
    pub fn receive_payment(
        &self,
        cents: Cents,
        reference: Option<String>,
    ) -> Result<FineEvent, Refusal> {
        self.in_force()?;
        sensible(cents)?;
        match self.outstanding() {
            Cents::ZERO => Err(Refusal::AlreadyPaid),
            outstanding if cents > outstanding => Err(Refusal::Overpaid {
                paid: cents,
                outstanding,
            }),
            _ => Ok(FineEvent::PaymentReceived(PaymentReceived {
                cents,
                stated_total_cents: None,
                reference,
            })),
        }
    }

    /// Hands it to credit collection.
    ///
    /// # Errors
    /// It was handed over before, or nothing is outstanding.
    pub fn hand_to_collection(&self) -> Result<FineEvent, Refusal> {
        self.in_force()?;
        if self.stage == Stage::InCreditCollection {
            return Err(Refusal::AlreadyInCollection);
        }
        if self.outstanding() == Cents::ZERO {
            return Err(Refusal::AlreadyPaid);
        }
        Ok(FineEvent::HandedToCreditCollection)
    }

    /// Gives it up.
    ///
    /// # Errors
    /// It was dismissed before, or there is no code for it.
    pub fn dismiss(&self, code: &str) -> Result<FineEvent, Refusal> {
        self.in_force()?;
        if code.is_empty() {
            return Err(Refusal::NoDismissalCode);
        }
        Ok(FineEvent::Dismissed {
            code: code.to_owned(),
        })
    }

    /// Puts the offender's appeal on file.
    ///
    /// # Errors
    /// There is an appeal already.
    pub fn file_appeal(&self) -> Result<FineEvent, Refusal> {
        self.appeal_from(None, Appeal::Filed, FineEvent::AppealFiled)
    }

    /// Sends the appeal to the prefecture, which may dismiss the fine at once.
    ///
    /// # Errors
    /// There is no appeal that was filed and not sent.
    pub fn send_appeal(&self, dismissal: Option<String>) -> Result<FineEvent, Refusal> {
        self.appeal_from(
            Some(Appeal::Filed),
            Appeal::SentToPrefecture,
            FineEvent::AppealSentToPrefecture { dismissal },
        )
    }

    /// Notes that the prefecture has answered.
    ///
    /// # Errors
    /// It was not asked.
    pub fn receive_appeal_result(&self) -> Result<FineEvent, Refusal> {
        self.appeal_from(
            Some(Appeal::SentToPrefecture),
            Appeal::ResultReceived,
            FineEvent::AppealResultReceived,
        )
    }

    /// Notes that the offender knows the answer.
    ///
    /// # Errors
    /// There is no answer yet.
    pub fn notify_appeal_result(&self) -> Result<FineEvent, Refusal> {
        self.appeal_from(
            Some(Appeal::ResultReceived),
            Appeal::ResultNotified,
            FineEvent::AppealResultNotified,
        )
    }

    /// Notes that the offender went to a judge, with or without asking the prefecture first.
    ///
    /// # Errors
    /// A judge has it already.
    pub fn appeal_to_judge(&self, dismissal: Option<String>) -> Result<FineEvent, Refusal> {
        self.appeal_from(
            self.appeal.filter(|appeal| *appeal != Appeal::BeforeJudge),
            Appeal::BeforeJudge,
            FineEvent::AppealedToJudge {
                officer: None,
                dismissal,
            },
        )
    }

    /// Takes what happened elsewhere into the books, as it is: the past cannot be refused.
    ///
    /// # Errors
    /// Its first event does not issue it, or a later one does.
    pub fn record(&self, fact: FineEvent) -> Result<FineEvent, Refusal> {
        match (&fact, self.stage) {
            (FineEvent::Issued(_), Stage::Unknown) => Ok(fact),
            (FineEvent::Issued(_), _) => Err(Refusal::AlreadyIssued),
            (_, Stage::Unknown) => Err(Refusal::UnknownFine),
            _ => Ok(fact),
        }
    }

    /// Whether there is anything to be decided at all.
    fn in_force(&self) -> Result<(), Refusal> {
        match &self.dismissal {
            _ if self.stage == Stage::Unknown => Err(Refusal::UnknownFine),
            Some(code) => Err(Refusal::Dismissed { code: code.clone() }),
            None => Ok(()),
        }
    }

    fn appeal_from(
        &self,
        from: Option<Appeal>,
        to: Appeal,
        event: FineEvent,
    ) -> Result<FineEvent, Refusal> {
        self.in_force()?;
        if self.appeal != from {
            return Err(Refusal::AppealOutOfOrder {
                at: self.appeal,
                to,
            });
        }
        Ok(event)
    }
}

fn sensible(amount: Cents) -> Result<(), Refusal> {
    if amount <= Cents::ZERO {
        Err(Refusal::NotPositive(amount))
    } else if amount > Cents::LARGEST {
        Err(Refusal::TooLarge(amount))
    } else {
        Ok(())
    }
}
