//! How sending to a broker goes, as it is noted beside a relay's checkpoint.

use chrono::{DateTime, Utc};
use rehydrate_port::{CheckpointId, ConsumerTransaction, Locked, StoreError, Wait};

use super::super::build::consumers_of;
use super::super::{RunError, Runner};
use super::claim::id_of;
use crate::clock::to_stored_precision;
use crate::error::whole_text;
use crate::reactor::{Failure, Reaction};

/// What is not noted yet.
#[derive(Debug, Default)]
pub(super) struct Sent {
    confirmed_at: Option<DateTime<Utc>>,
    error: Option<(String, DateTime<Utc>)>,
}

impl Sent {
    pub(super) fn hear(&mut self, outcome: &Result<Reaction, Failure>, now: DateTime<Utc>) {
        let now = to_stored_precision(now);
        match outcome {
            Ok(_) => self.confirmed_at = Some(now),
            Err(failure) => self.error = Some((whole_text(&**failure.error()), now)),
        }
    }

    /// Notes it in a transaction that has the checkpoint locked.
    pub(super) async fn note(
        sent: Option<&Self>,
        consumers: &mut dyn ConsumerTransaction,
        id: &CheckpointId,
    ) -> Result<(), StoreError> {
        let Some(sent) = sent.filter(|it| it.confirmed_at.is_some() || it.error.is_some()) else {
            return Ok(());
        };
        // A checkpoint without a record may be somebody else's, and with one it would be a relay's.
        let Some(mut record) = consumers.relay(&id.consumer, id.build).await? else {
            return Ok(());
        };
        record.confirmed_at = sent.confirmed_at.or(record.confirmed_at);
        record.last_error = sent.error.clone().or(record.last_error);
        consumers.put_relay(&record).await
    }
}

/// Notes why a relay does not run, as well as it can be noted.
pub(super) async fn note_failure(runner: &Runner, name: &str, error: &RunError) {
    if let Err(error) = try_to_note(runner, name, error).await {
        tracing::debug!(
            consumer = name,
            error = whole_text(&error),
            "cannot write down what went wrong with a relay"
        );
    }
}

async fn try_to_note(runner: &Runner, name: &str, error: &RunError) -> Result<(), StoreError> {
    let id = id_of(name);
    let sent = Sent {
        confirmed_at: None,
        error: Some((whole_text(error), to_stored_precision(runner.clock.now()))),
    };
    let mut transaction = runner.store.begin().await?;
    let consumers = consumers_of(&mut *transaction)?;
    if let Locked::Taken(_) = consumers.lock(&id, Wait::ForNobody).await? {
        Sent::note(Some(&sent), consumers, &id).await?;
        return transaction.commit().await;
    }
    transaction.rollback().await
}
