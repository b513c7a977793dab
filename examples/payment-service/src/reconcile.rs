//! Compares what was paid with what the source system says was paid.

use futures_util::TryStreamExt;
use rehydrate::{LoadError, Repository};
use serde::Serialize;

use crate::fine::{Fine, FineId};
use crate::money::Cents;

/// How many fines are loaded at a time.
const AT_ONCE: usize = 8;

/// What a reconciliation found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// How many fines there are.
    pub fines: u64,
    /// The sum of all their payments.
    pub paid_cents: Cents,
    /// The fines whose payments are not what the source system says, by their ids.
    pub unreconciled: Vec<Unreconciled>,
}

/// A fine whose payments are not what the source system says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreconciled {
    /// The fine.
    pub fine: FineId,
    /// The sum of its payments up to the last statement.
    pub paid_cents: Cents,
    /// What the source system last said had been paid in all.
    pub stated_cents: Cents,
}

/// Rehydrates every fine and compares its payments with the last total that the source stated.
///
/// What counts are the payments up to that statement: one that comes later, through this service,
/// is not missing from it. A fine of which nothing was ever stated has nothing to be compared with.
///
/// # Errors
/// A fine cannot be loaded.
pub async fn reconcile(fines: &Repository<Fine>) -> Result<Reconciliation, LoadError> {
    let mut found = Reconciliation::default();
    let mut loaded = fines
        .ids()
        .map_ok(async |id: FineId| {
            let fine = fines.load(&id).await?;
            Ok((id, fine))
        })
        .try_buffer_unordered(AT_ONCE);
    while let Some((id, fine)) = loaded.try_next().await? {
        found.fines += 1;
        found.paid_cents += fine.paid;
        if let Some(statement) = fine.stated
            && statement.stated != statement.paid
        {
            found.unreconciled.push(Unreconciled {
                fine: id,
                paid_cents: statement.paid,
                stated_cents: statement.stated,
            });
        }
    }
    found.unreconciled.sort_by(|a, b| a.fine.cmp(&b.fine));
    Ok(found)
}
