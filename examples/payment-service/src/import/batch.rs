//! Some hundred rows in one transaction.

use rehydrate::{Committed, ExecuteError, Repository, StoreError};

use super::columns::Column;
use super::row::Row;
use super::{ImportError, Rejected};
use crate::fine::{Fine, Refusal};

/// What became of a row.
pub(super) enum Stored {
    /// It is a new event.
    Appended,
    /// It was there before.
    Before,
    /// It was not taken.
    Rejected(Rejected),
}

/// Stores rows in their order, all in one transaction if that is possible.
///
/// A transaction is lost with a conflict. Then each row is stored by itself, so that none is lost;
/// the rows' keys make it harmless to store them again.
pub(super) async fn store(
    fines: &Repository<Fine>,
    rows: &[Row],
) -> Result<Vec<Stored>, ImportError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    match together(fines, rows).await {
        Ok(stored) => Ok(stored),
        Err(error) => {
            tracing::debug!(%error, "a batch is stored row by row");
            one_by_one(fines, rows).await
        }
    }
}

async fn together(
    fines: &Repository<Fine>,
    rows: &[Row],
) -> Result<Vec<Stored>, ExecuteError<Refusal>> {
    let mut transaction = fines.store().begin().await?;
    let mut stored = Vec::with_capacity(rows.len());
    for row in rows {
        let outcome = fines
            .execute_with_in(&mut transaction, &row.fine, row.context(), |fine| {
                fine.record(row.event.clone())
            })
            .await;
        stored.push(outcome_of(row, outcome)?);
    }
    transaction.commit().await?;
    Ok(stored)
}

async fn one_by_one(fines: &Repository<Fine>, rows: &[Row]) -> Result<Vec<Stored>, ImportError> {
    let mut stored = Vec::with_capacity(rows.len());
    for row in rows {
        let outcome = fines
            .execute_with(&row.fine, row.context(), |fine| {
                fine.record(row.event.clone())
            })
            .await;
        stored.push(
            outcome_of(row, outcome).map_err(|source| ImportError::Store {
                line: row.line,
                source,
            })?,
        );
    }
    Ok(stored)
}

/// What became of a row; an error if a transaction is lost with it.
fn outcome_of(
    row: &Row,
    outcome: Result<Committed<Fine>, ExecuteError<Refusal>>,
) -> Result<Stored, ExecuteError<Refusal>> {
    match outcome {
        Ok(committed) if committed.is_duplicate() => Ok(Stored::Before),
        Ok(_) => Ok(Stored::Appended),
        Err(ExecuteError::Rejected(refusal)) => {
            Ok(Stored::Rejected(row.fault(Column::FineId, refusal)))
        }
        Err(ExecuteError::Store(StoreError::TimeReversed { last, .. })) => {
            let last = last.date_naive();
            let reason = format!("earlier than the fine's last event, of {last}");
            Ok(Stored::Rejected(row.fault(Column::Date, reason)))
        }
        Err(error) => Err(error),
    }
}
