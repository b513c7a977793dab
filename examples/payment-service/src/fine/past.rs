//! The shapes that payments had in the past, and the way from each to the next.
//!
//! They stay in the log as they were written. A link that is missing does not compile.

use rehydrate::Describe;
use serde::Deserialize;

use super::PaymentReceived;
use crate::money::{Cents, NotAnAmount};

/// The first shape: euro as decimal text, as the first form had it.
#[derive(Describe, Clone, Debug, Deserialize)]
pub struct PaymentReceivedV1 {
    /// `35.00`
    pub euro: String,
}

/// The second shape: cents, so that sums are exact.
#[derive(Describe, Clone, Debug, Deserialize)]
pub struct PaymentReceivedV2 {
    /// How much.
    pub cents: Cents,
}

impl TryFrom<PaymentReceivedV1> for PaymentReceivedV2 {
    type Error = NotAnAmount;

    fn try_from(old: PaymentReceivedV1) -> Result<Self, NotAnAmount> {
        let cents = old.euro.parse()?;
        Ok(Self { cents })
    }
}

impl From<PaymentReceivedV2> for PaymentReceived {
    fn from(old: PaymentReceivedV2) -> Self {
        Self {
            cents: old.cents,
            stated_total_cents: None,
            reference: None,
        }
    }
}
