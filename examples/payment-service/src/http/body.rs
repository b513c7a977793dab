//! What clients send.

use serde::{Deserialize, Serialize};

use crate::fine::{FineId, Issued, dismissal_code};
use crate::money::Cents;

/// A request that is a command.
pub(super) trait Body: Serialize + for<'de> Deserialize<'de> + Send {
    /// What tells it from other commands with the same content.
    const NAME: &'static str;
    /// Whether it needs an idempotency key.
    const KEY: Key;
}

/// Whether a command needs an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Required,
    Optional,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssueFine {
    #[serde(alias = "id")]
    pub(super) fine_id: FineId,
    #[serde(alias = "cents")]
    amount_cents: Cents,
    article: Option<String>,
    points: Option<u32>,
    vehicle_class: Option<String>,
    officer: Option<String>,
    dismissal: Option<String>,
}

impl Body for IssueFine {
    const NAME: &'static str = "issue";
    // A second fine with the same id is refused anyway.
    const KEY: Key = Key::Optional;
}

impl From<&IssueFine> for Issued {
    fn from(body: &IssueFine) -> Self {
        Self {
            amount: body.amount_cents,
            article: body.article.clone(),
            points: body.points,
            vehicle_class: body.vehicle_class.clone(),
            officer: body.officer.clone(),
            dismissal: body.dismissal.as_deref().and_then(dismissal_code),
            stated_total_cents: None,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceivePayment {
    #[serde(alias = "amount_cents")]
    pub(super) cents: Cents,
    pub(super) reference: Option<String>,
}

impl Body for ReceivePayment {
    const NAME: &'static str = "pay";
    const KEY: Key = Key::Required;
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddPenalty {
    #[serde(alias = "cents")]
    pub(super) amount_cents: Cents,
}

impl Body for AddPenalty {
    const NAME: &'static str = "penalty";
    // A second penalty is refused anyway.
    const KEY: Key = Key::Optional;
}
