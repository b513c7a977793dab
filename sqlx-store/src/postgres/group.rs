//! Appends by many callers, written by one statement.
//!
//! A statement and its commit cost the server as much as the event in it. It is all or nothing for
//! the database only: an append whose stream has moved, or that cannot be written together with
//! others for whatever reason, is not in what came back, and its caller does it alone.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rehydrate_port::{Appended, StoreError, StreamId};
use sqlx::PgConnection;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::PostgresStore;
use super::append::written;
use super::error::{Meaning, meaning};
use super::gathering::{Reply, Request, leave_alone};
use crate::dialect::rows::Fault;

/// A longer event goes alone, so that nobody waits for it.
const LONGEST_TEXT: usize = 16 * 1024;

/// An append of one event to a version that is known.
#[derive(Debug)]
pub(super) struct Single {
    pub(super) stream: StreamId,
    pub(super) expected: i64,
    pub(super) time: DateTime<Utc>,
    pub(super) metadata: Option<String>,
    pub(super) id: Uuid,
    pub(super) event_type: String,
    pub(super) schema_version: i64,
    pub(super) payload: String,
}

impl Single {
    /// Whether it may be written together with others.
    pub(super) fn is_short(payload: &str, metadata: Option<&str>) -> bool {
        payload.len() + metadata.map_or(0, str::len) <= LONGEST_TEXT
    }
}

/// Writes what can be written together, and answers everybody; whether the statement has run.
pub(super) async fn write(store: &PostgresStore, group: Vec<Request>) -> bool {
    let mut session = match store.session().await {
        Ok(session) => session,
        Err(error) => {
            refuse(group, error);
            return false;
        }
    };
    let outcome = run(store, session.sql(), &group).await;
    let outcome = match outcome {
        Ok(rows) => session.close().await.map(|()| rows),
        Err(error) => {
            if !meaning(&error).is_of_the_connection() {
                session.abandon().await;
            }
            Err(error)
        }
    };
    match outcome {
        Ok(rows) => {
            store.news().spread();
            tracing::debug!(appends = rows.len(), of = group.len(), "appended together");
            match rows.iter().map(read).collect() {
                Ok(rows) => succeed(store, group, rows),
                // It is committed, whatever the rows say.
                Err(error) => unknown(group, error),
            }
            true
        }
        Err(error) => {
            fail(store, group, error);
            false
        }
    }
}

type Written = (Uuid, Result<Appended, Fault>);

fn read(row: &PgRow) -> Result<Written, sqlx::Error> {
    Ok((row.try_get(0)?, written(row, 1)?))
}

async fn run(
    store: &PostgresStore,
    connection: &mut PgConnection,
    group: &[Request],
) -> Result<Vec<PgRow>, sqlx::Error> {
    let statements = store.statements();
    // A plan for a nearly empty table reads all of it for each event of a group.
    let is_kept = statements.is_cached() && statements.is_log_long();
    let of = || group.iter().map(|request| &request.append);
    statements
        .append_group()
        .persistent(is_kept)
        .bind(of().map(|it| it.stream.category()).collect::<Vec<_>>())
        .bind(of().map(|it| it.stream.id()).collect::<Vec<_>>())
        .bind(of().map(|it| it.expected).collect::<Vec<_>>())
        .bind(of().map(|it| it.time).collect::<Vec<_>>())
        .bind(of().map(|it| it.metadata.as_deref()).collect::<Vec<_>>())
        .bind(of().map(|it| it.id).collect::<Vec<_>>())
        .bind(of().map(|it| it.event_type.as_str()).collect::<Vec<_>>())
        .bind(of().map(|it| it.schema_version).collect::<Vec<_>>())
        .bind(of().map(|it| it.payload.as_str()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
}

/// Answers everybody after the commit.
fn succeed(store: &PostgresStore, group: Vec<Request>, mut rows: Vec<Written>) {
    for request in group {
        let row = rows.iter().position(|(id, _)| *id == request.append.id);
        let row = row.map(|row| rows.swap_remove(row).1);
        let stream = &request.append.stream;
        let reply = match row.map(|row| row.map_err(|fault| fault.explain(stream))) {
            None => Reply::Alone(None),
            Some(Ok(appended)) => {
                store.statements().see(appended.position);
                Reply::Written(appended)
            }
            Some(Err(error)) => Reply::Failed(error),
        };
        request.answer(reply);
    }
}

/// What came of a statement that has failed, for each who was in it: nothing, unless nobody knows.
fn fail(store: &PostgresStore, group: Vec<Request>, error: sqlx::Error) {
    let what = meaning(&error);
    if what.is_of_the_connection() {
        store.pool().forget_idle();
    }
    tracing::debug!(%error, "appends could not be written together");
    if what == Meaning::Cut {
        unknown(group, error);
    } else {
        leave_alone(group);
    }
}

/// Nobody knows what has come of it, or nobody can say.
fn unknown(group: Vec<Request>, error: sqlx::Error) {
    let error = Arc::new(error);
    for request in group {
        request.answer(Reply::Failed(StoreError::OutcomeUnknown {
            source: Arc::clone(&error).into(),
        }));
    }
}

/// There was no connection. Nobody waits for one a second time.
fn refuse(group: Vec<Request>, error: StoreError) {
    let StoreError::Unavailable { reason, .. } = error else {
        return leave_alone(group);
    };
    for request in group {
        request.answer(Reply::Failed(StoreError::Unavailable {
            reason: reason.clone(),
            source: None,
        }));
    }
}
