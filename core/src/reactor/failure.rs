//! Why an event could not be answered.

use rehydrate_port::BoxError;

/// Why an event could not be answered, and whether it is worth another attempt.
///
/// `?` on any error makes a transient one. It is no error itself, so that this is possible.
#[derive(Debug)]
pub struct Failure {
    is_poison: bool,
    error: BoxError,
}

impl Failure {
    /// It may go better the next time: a server did not answer.
    #[must_use]
    pub fn transient(error: impl Into<BoxError>) -> Self {
        Self {
            is_poison: false,
            error: error.into(),
        }
    }

    /// It will go the same way every time: an address that cannot exist. The event is parked at
    /// once, until somebody retries or skips it.
    #[must_use]
    pub fn poison(error: impl Into<BoxError>) -> Self {
        Self {
            is_poison: true,
            error: error.into(),
        }
    }

    /// Whether the event is parked without another attempt.
    #[must_use]
    pub fn is_poison(&self) -> bool {
        self.is_poison
    }

    /// What went wrong.
    #[must_use]
    pub fn error(&self) -> &BoxError {
        &self.error
    }
}

impl<E: Into<BoxError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::transient(error)
    }
}
