//! Why a message was not confirmed.

use rehydrate_port::BoxError;

/// Why a message was not confirmed, and what becomes of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The broker does not answer, or not with a confirmation: everything waits, and is sent again.
    #[error("the broker is unavailable: {reason}")]
    Unavailable {
        /// What was waited for, in a few words.
        reason: String,
        /// What the client said.
        source: Option<BoxError>,
    },
    /// The broker has not taken this message, and may take it later: its key waits, others go on.
    #[error("the message was not taken: {reason}")]
    Failed {
        /// What it was about, in a few words.
        reason: String,
        /// What the client said.
        source: Option<BoxError>,
    },
    /// The broker never takes this message: it is too large, or its topic is not allowed.
    #[error("the message is rejected: {reason}")]
    Rejected {
        /// What is wrong with it, and what to do.
        reason: String,
        /// What the client said.
        source: Option<BoxError>,
    },
    /// It was not sent, because an earlier one of its key in the batch has failed.
    #[error("the message was not sent, because an earlier one of its key has failed")]
    NotSent,
}
