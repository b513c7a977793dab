//! What the service says when it does not do what it is told.

use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;

use aws_sdk_kinesis::config::http::HttpResponse;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use rehydrate::BoxError;

/// What kind of trouble it is; recognised by codes, never by texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nobody answers, or not in a way that says what was done.
    Away,
    /// Too much at once.
    Throttled,
    /// It does not know us.
    Login,
    /// We may not.
    Denied,
    /// The key that encrypts the stream cannot be used.
    Key,
    /// There is no such stream or shard.
    Missing,
    /// There is one already.
    InUse,
    /// The request, or something in it, is not as it should be.
    Invalid,
    /// The iterator is older than 5 minutes.
    ExpiredIterator,
    /// Something else that will not be otherwise the next time.
    Refused,
}

/// A failed request.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) kind: Kind,
    said: Arc<str>,
}

/// What the service or the client has said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(Arc<str>);

impl Trouble {
    pub(super) fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        match &error {
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                let code = answer.err().code().unwrap_or_default();
                let kind = kind(status, code);
                let mut said = format!("{status} {code}");
                // About a wrong signature it says what was signed, and that may hold a token.
                if kind != Kind::Login
                    && let Some(message) = answer.err().message()
                {
                    let _ = write!(said, ": {message}");
                }
                Self::new(kind, said)
            }
            // The credentials are asked for while the request is made.
            SdkError::ConstructionFailure(_) => Self::new(Kind::Login, chain(&error)),
            _ => Self::new(Kind::Away, chain(&error)),
        }
    }

    pub(super) fn new(kind: Kind, said: impl Into<Arc<str>>) -> Self {
        let said = said.into();
        Self { kind, said }
    }

    /// The same, as what is behind an error of ours.
    pub(super) fn source(&self) -> BoxError {
        Said(Arc::clone(&self.said)).into()
    }

    /// What it means, and what to do about it; `action` is what we wanted to do.
    pub(super) fn reason(&self, action: &str) -> String {
        match self.kind {
            Kind::Away => format!("`{action}` was not answered"),
            Kind::Throttled => format!(
                "`{action}` is throttled: give the stream more shards, or read and write it less"
            ),
            Kind::Login => "the credentials are missing or do not count: check \
                            AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, \
                            whether they have expired, and the clock of this machine"
                .to_owned(),
            Kind::Denied => {
                format!("these credentials may not do it: allow `kinesis:{action}` on the stream")
            }
            Kind::Key => "the key that encrypts the stream cannot be used: enable it, and allow \
                          `kms:GenerateDataKey` to who writes and `kms:Decrypt` to who reads"
                .to_owned(),
            Kind::Missing => "there is no such stream".to_owned(),
            Kind::InUse => "the stream is being changed".to_owned(),
            Kind::Invalid => format!("`{action}` is not taken as it is"),
            Kind::ExpiredIterator => "the iterator has expired".to_owned(),
            Kind::Refused => format!("`{action}` is refused"),
        }
    }
}

fn kind(status: u16, code: &str) -> Kind {
    match code {
        "ProvisionedThroughputExceededException"
        | "LimitExceededException"
        | "KMSThrottlingException"
        | "ThrottlingException"
        | "Throttling"
        | "RequestLimitExceeded"
        | "SlowDown" => Kind::Throttled,
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "InvalidClientTokenId"
        | "IncompleteSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationTokenException"
        | "MissingAuthenticationToken"
        | "RequestExpired"
        | "OptInRequired" => Kind::Login,
        "AccessDeniedException" | "AccessDenied" => Kind::Denied,
        "KMSAccessDeniedException"
        | "KMSDisabledException"
        | "KMSInvalidStateException"
        | "KMSNotFoundException"
        | "KMSOptInRequired" => Kind::Key,
        "ResourceNotFoundException" => Kind::Missing,
        "ResourceInUseException" => Kind::InUse,
        "InvalidArgumentException" | "ValidationException" | "SerializationException" => {
            Kind::Invalid
        }
        "ExpiredIteratorException" => Kind::ExpiredIterator,
        _ => match status {
            413 => Kind::Invalid,
            429 => Kind::Throttled,
            400..=499 => Kind::Refused,
            _ => Kind::Away,
        },
    }
}

/// An error with everything behind it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_apart_by_codes_and_then_by_the_status() {
        let throttled = "ProvisionedThroughputExceededException";
        assert_eq!(kind(400, throttled), Kind::Throttled);
        assert_eq!(kind(400, "KMSDisabledException"), Kind::Key);
        assert_eq!(kind(400, "SomethingNew"), Kind::Refused);
        assert_eq!(kind(500, "InternalFailure"), Kind::Away);
        assert_eq!(kind(413, ""), Kind::Invalid);
        assert_eq!(kind(503, ""), Kind::Away);
    }
}
