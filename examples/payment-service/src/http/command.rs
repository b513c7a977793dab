//! From a request to a command that is carried out.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;
use rehydrate::{CommandContext, ExecuteError, Repository, Version};

use super::answer::{Answer, version_of_tag};
use super::body::{Body, Key};
use super::extract::header;
use super::problem::Problem;
use crate::fine::{Fine, FineEvent, FineId, Refusal};

/// A request's body, and what its headers say about how it is to be carried out.
pub(super) struct Command<T> {
    pub(super) body: T,
    context: CommandContext,
}

impl<T: Body> Command<T> {
    /// Loads the fine, decides, appends: once, however often the request is sent with its key.
    pub(super) async fn carry_out(
        self,
        fines: &Repository<Fine>,
        id: &FineId,
        decide: impl Fn(&Fine, &T) -> Result<FineEvent, Refusal>,
    ) -> Result<Answer, Problem> {
        let Self { body, context } = self;
        let committed = fines
            .execute_with(id, context, |fine| decide(fine, &body))
            .await;
        match committed {
            Ok(fine) => Ok(Answer::new(id, fine.version(), &fine).replayed_if(fine.is_duplicate())),
            Err(ExecuteError::Rejected(Refusal::UnknownFine)) => Err(Problem::unknown_fine(id)),
            Err(error) => Err(error.into()),
        }
    }
}

impl<T: Body, S: Send + Sync> FromRequest<S> for Command<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await?;
        let body: T = serde_json::from_slice(&bytes).map_err(|error| {
            Problem::bad_input(format_args!("the body cannot be read: {error}"))
        })?;
        let mut context = CommandContext::new();
        match header(&headers, "idempotency-key")? {
            Some(key) => {
                let content = (T::NAME, &body);
                context = context.idempotency_key(key).fingerprint(&content);
            }
            None if T::KEY == Key::Required => {
                return Err(Problem::bad_input("the header Idempotency-Key is missing"));
            }
            None => {}
        }
        if let Some(version) = if_match(&headers)? {
            context = context.expected_version(version);
        }
        Ok(Self { body, context })
    }
}

fn if_match(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    match header(headers, IF_MATCH.as_str())? {
        None | Some("*") => Ok(None),
        Some(tag) => match version_of_tag(tag) {
            Some(version) => Ok(Some(version)),
            None => Err(Problem::bad_input(
                "the header If-Match must be one ETag of this service, such as \"7\"",
            )),
        },
    }
}
