//! What went wrong, as problem+json (RFC 9457).

use std::error::Error;
use std::fmt::Display;

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rehydrate::{ErrorKind, ExecuteError, LoadError, StoreError};
use serde_json::json;

use crate::fine::{FineId, Refusal};

/// What went wrong, for the client.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    /// The last part of its type.
    name: &'static str,
    title: &'static str,
    detail: String,
}

impl Problem {
    fn new(
        status: StatusCode,
        name: &'static str,
        title: &'static str,
        detail: impl Display,
    ) -> Self {
        Self {
            status,
            name,
            title,
            detail: detail.to_string(),
        }
    }

    pub(super) fn no_such_route() -> Self {
        let detail = "nothing is served at this path";
        Self::new(StatusCode::NOT_FOUND, "no-such-route", "Not found", detail)
    }

    pub(super) fn no_such_method() -> Self {
        let (status, title) = (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
        let detail = "the header Allow names the methods of this path";
        Self::new(status, "no-such-method", title, detail)
    }

    pub(super) fn unknown_fine(id: &FineId) -> Self {
        let detail = format_args!("there is no fine {id}, or there was none then");
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown-fine",
            "Unknown fine",
            detail,
        )
    }

    pub(super) fn bad_input(detail: impl Display) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "bad-input", "The request cannot be used", detail)
    }

    /// Nothing that the client could do anything about: the log has the details.
    pub(super) fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error, "a request failed");
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let detail = "the service's log has the details, under the answer's X-Request-Id";
        Self::new(status, "internal", "The service failed", detail)
    }

    fn refused(refusal: &Refusal) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "refused", "The fine refuses", refusal)
    }

    /// A read model has not come as far as the client has.
    pub(super) fn behind(error: impl Display) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "behind", "The read model is behind", error)
    }

    fn unavailable(error: &StoreError) -> Self {
        tracing::warn!(error = error as &dyn Error, "the store is unavailable");
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let detail = "the same request may succeed later";
        Self::new(status, "unavailable", "The store is unavailable", detail)
    }
}

impl From<ExecuteError<Refusal>> for Problem {
    fn from(error: ExecuteError<Refusal>) -> Self {
        match error {
            ExecuteError::Rejected(refusal) => Self::refused(&refusal),
            ExecuteError::Conflict { .. } => {
                let title = "Too many others change the fine";
                Self::new(StatusCode::CONFLICT, "conflict", title, error)
            }
            ExecuteError::VersionMismatch { .. } => {
                let status = StatusCode::PRECONDITION_FAILED;
                Self::new(status, "precondition-failed", "The fine has changed", error)
            }
            ExecuteError::InvalidCommand(error) => Self::bad_input(error),
            ExecuteError::Load(error) => error.into(),
            ExecuteError::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<LoadError> for Problem {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::InvalidStream(error) => Self::bad_input(error),
            LoadError::NoSuchVersion { .. } => {
                let status = StatusCode::NOT_FOUND;
                Self::new(status, "unknown-version", "Unknown version", error)
            }
            LoadError::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::KeyReused { .. } => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                let title = "The Idempotency-Key belongs to another request";
                let detail = "a new request needs a new key";
                Self::new(status, "key-reused", title, detail)
            }
            error => match error.kind() {
                // Where whoever runs the store has to do something, the client can only wait; and
                // where nobody knows what has happened, the same key makes it safe to ask again.
                ErrorKind::TryAgain | ErrorKind::Unknown | ErrorKind::Operator => {
                    Self::unavailable(&error)
                }
                _ => Self::internal(&error),
            },
        }
    }
}

impl From<BytesRejection> for Problem {
    fn from(error: BytesRejection) -> Self {
        let title = "The body cannot be read";
        Self::new(error.status(), "unreadable-body", title, error.body_text())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": format!("urn:payment-service:problem:{}", self.name),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, problem);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
