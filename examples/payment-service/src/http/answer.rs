//! A fine, as an answer.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_NONE_MATCH, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rehydrate::Version;

use super::problem::Problem;
use crate::fine::{Fine, FineId};
use crate::view::FineView;

/// A fine at a version, which is its `ETag`.
pub(super) struct Answer {
    fine: FineView,
    location: Option<String>,
    replayed: bool,
}

impl Answer {
    pub(super) fn new(id: &FineId, version: Version, fine: &Fine) -> Self {
        Self {
            fine: FineView::new(id, version, fine),
            location: None,
            replayed: false,
        }
    }

    /// It is new, and this is where it can be found.
    pub(super) fn created(mut self) -> Self {
        self.location = Some(format!("/fines/{}", percent_encoded(&self.fine.fine)));
        self
    }

    /// It is what the same request was answered before.
    pub(super) fn replayed_if(mut self, replayed: bool) -> Self {
        self.replayed = replayed;
        self
    }

    /// Nothing but its `ETag`, if the client has it already.
    pub(super) fn unless_known(self, known: &IfNoneMatch) -> Response {
        if known.has(self.fine.version) {
            (StatusCode::NOT_MODIFIED, [(ETAG, tag(self.fine.version))]).into_response()
        } else {
            self.into_response()
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Json(&self.fine).into_response();
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::try_from(tag(self.fine.version)) {
            headers.insert(ETAG, tag);
        }
        if self.replayed {
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        }
        if let Some(location) = self
            .location
            .and_then(|url| HeaderValue::try_from(url).ok())
        {
            headers.insert(LOCATION, location);
            *response.status_mut() = StatusCode::CREATED;
        }
        response
    }
}

/// The versions that a client has already.
pub(super) struct IfNoneMatch(Vec<HeaderValue>);

impl IfNoneMatch {
    fn has(&self, version: Version) -> bool {
        self.0
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|known| {
                known == "*" || version_of_tag(known.trim_start_matches("W/")) == Some(version)
            })
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let values = parts.headers.get_all(IF_NONE_MATCH);
        Ok(Self(values.iter().cloned().collect()))
    }
}

fn tag(version: Version) -> String {
    format!("\"{version}\"")
}

/// The version that an `ETag` of this service stands for.
pub(super) fn version_of_tag(tag: &str) -> Option<Version> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |url, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            url + char::from(byte).encode_utf8(&mut [0])
        }
        _ => url + &format!("%{byte:02X}"),
    })
}
