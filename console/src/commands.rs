//! One file a command.

pub(crate) mod consumers;
pub(crate) mod copy;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod kind;
pub(crate) mod lag;
pub(crate) mod letters;
pub(crate) mod plan;
pub(crate) mod projections;
pub(crate) mod rebuild;
pub(crate) mod relay;
pub(crate) mod replay;
pub(crate) mod schema;
pub(crate) mod status;
pub(crate) mod stream;
pub(crate) mod streams;
pub(crate) mod swap;
#[cfg(feature = "bin")]
pub(crate) mod tail;
pub(crate) mod verify;

use std::fmt::{self, Display};

use serde::Serialize;

/// What would be done, where it loses something and nobody has said `--yes`.
#[derive(Serialize)]
pub(crate) struct DryRun<T> {
    dry_run: bool,
    would: String,
    #[serde(flatten)]
    details: T,
}

impl<T: Serialize> DryRun<T> {
    pub(crate) fn new(would: impl Into<String>, details: T) -> Self {
        Self {
            dry_run: true,
            would: would.into(),
            details,
        }
    }
}

impl<T> Display for DryRun<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Dry run, nothing has been done. With --yes this would {}.",
            self.would
        )
    }
}

/// What was done, in a sentence, and what a program wants to know of it.
#[derive(Serialize)]
pub(crate) struct Done<T> {
    #[serde(skip)]
    text: String,
    #[serde(flatten)]
    details: T,
}

impl<T: Serialize> Done<T> {
    pub(crate) fn new(text: impl Into<String>, details: T) -> Self {
        Self {
            text: text.into(),
            details,
        }
    }
}

impl<T> Display for Done<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
