//! What the path, the query and the headers ask for.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use rehydrate::Version;
use serde::Deserialize;

use super::problem::Problem;
use crate::fine::FineId;
use crate::time;
use crate::view::At;

/// The fine that the path names.
pub(super) struct Named(pub(super) FineId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(error) => Err(Problem::bad_input(error.body_text())),
        }
    }
}

/// The moment that the query asks for.
pub(super) struct Past(pub(super) At);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PastQuery {
    version: Option<u64>,
    as_of: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Past {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<PastQuery>::from_request_parts(parts, state).await;
        let Query(query) = query.map_err(|error| Problem::bad_input(error.body_text()))?;
        match (query.version, query.as_of) {
            (None, None) => Ok(Self(At::Now)),
            (Some(version), None) => Ok(Self(At::Version(Version(version)))),
            (None, Some(time)) => match time::moment(&time) {
                Ok(time) => Ok(Self(At::Time(time))),
                Err(error) => Err(Problem::bad_input(format_args!("as_of is {error}"))),
            },
            (Some(_), Some(_)) => Err(Problem::bad_input("either version or as_of, not both")),
        }
    }
}

/// A header that may be given once.
pub(super) fn header<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        (Some(Err(_)), None) => Err(Problem::bad_input(format_args!(
            "the header {name} is not plain text"
        ))),
        (Some(_), Some(_)) => Err(Problem::bad_input(format_args!(
            "the header {name} is given twice"
        ))),
    }
}
