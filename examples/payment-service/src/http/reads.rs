//! What is asked of all fines at once: the read models.

use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use rehydrate::{EventStore, Position, Projection, Rows, RowsError, WaitError, wait_for};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Fines;
use super::problem::Problem;
use crate::fine::FineId;
use crate::read_models::{Balances, Takings};

/// How long a request waits for the position that it names.
const PATIENCE: Duration = Duration::from_secs(5);

/// The balances of fines.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BalancesQuery {
    /// Of those with more than these cents outstanding.
    outstanding_over: Option<i64>,
    /// Of those after this one, by name.
    after: Option<FineId>,
    limit: Option<usize>,
    /// With every event up to this position.
    position: Option<u64>,
}

/// The takings of days.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TakingsQuery {
    position: Option<u64>,
}

pub(super) async fn show_balances(
    State(fines): Fines,
    Asked(query): Asked<BalancesQuery>,
) -> Result<Json<Value>, Problem> {
    let store = fines.store();
    reach::<Balances>(store, query.position).await?;
    let rows = Rows::<Balances>::new(store.clone());
    let mut wanted = rows.all();
    if let Some(cents) = query.outstanding_over {
        wanted = wanted.more_than("outstanding_cents", cents);
    }
    if let Some(after) = &query.after {
        wanted = wanted.after(after);
    }
    if let Some(limit) = query.limit {
        wanted = wanted.limit(limit);
    }
    let found = wanted.read().await?;
    Ok(Json(
        json!({ "fines": found.rows, "position": found.position }),
    ))
}

pub(super) async fn show_takings(
    State(fines): Fines,
    Asked(query): Asked<TakingsQuery>,
) -> Result<Json<Value>, Problem> {
    let store = fines.store();
    reach::<Takings>(store, query.position).await?;
    let found = Rows::<Takings>::new(store.clone()).all().read().await?;
    Ok(Json(
        json!({ "days": found.rows, "position": found.position }),
    ))
}

/// Waits until a read model has come as far as the client has.
async fn reach<P: Projection>(
    store: &impl EventStore,
    position: Option<u64>,
) -> Result<(), Problem> {
    if let Some(position) = position {
        wait_for(store, P::NAME, Position(position), PATIENCE).await?;
    }
    Ok(())
}

/// What the query asks for.
pub(super) struct Asked<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(query)) => Ok(Self(query)),
            Err(error) => Err(Problem::bad_input(error.body_text())),
        }
    }
}

impl From<RowsError> for Problem {
    fn from(error: RowsError) -> Self {
        match error {
            RowsError::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<WaitError> for Problem {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Store(error) => error.into(),
            error => Self::behind(&error),
        }
    }
}
