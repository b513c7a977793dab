//! What can go wrong with an event, and how errors and panics are told.

use std::any::Any;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rehydrate_port::BoxError;

/// An event that cannot be written as JSON.
#[derive(Debug, thiserror::Error)]
#[error("cannot encode an event of type `{event_type}`")]
#[non_exhaustive]
pub struct EncodeError {
    /// The type it would have been stored as.
    pub event_type: &'static str,
    /// What the serializer said.
    pub source: serde_json::Error,
}

/// An error with all its causes, for a person.
pub(crate) fn whole_text(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += ": ";
        text += &error.to_string();
        source = error.source();
    }
    text
}

/// What a panic said.
#[cold]
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("(no message)"))
}

/// Runs the application's code. A panic is what it said, and not the end of whoever calls.
#[inline]
pub(crate) fn no_panic<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    // What the code has left half done is dropped or taken back by the caller.
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(outcome) => Ok(outcome),
        Err(panic) => Err(panic_text(&*panic)),
    }
}

/// Runs the application's code; a panic is an error like others.
#[inline]
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T, BoxError>) -> Result<T, BoxError> {
    no_panic(run).unwrap_or_else(|panic| Err(panic.into()))
}
