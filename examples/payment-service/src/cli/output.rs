//! What goes to stdout, and how the program ends.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

/// Prints for people or for programs.
#[derive(Debug)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a result in the form that was asked for.
    pub(super) fn show(
        &self,
        result: &impl Serialize,
        text: impl Display,
    ) -> anyhow::Result<ExitCode> {
        if self.json {
            print(&serde_json::to_string(result)?)?;
        } else {
            print(text)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Prints a result that is JSON for people too.
    pub(super) fn show_json(&self, result: &impl Serialize) -> anyhow::Result<ExitCode> {
        self.show(result, serde_json::to_string_pretty(result)?)
    }

    /// Tells people what to do about a result. It is no part of it.
    pub(super) fn note(&self, text: impl Display) {
        let _ = writeln!(io::stderr(), "{text}");
    }

    pub(super) fn error(&self, error: &anyhow::Error) -> ExitCode {
        let message = format!("{error:#}");
        let _ = writeln!(io::stderr(), "error: {message}");
        if self.json {
            let _ = print(json!({ "error": message }));
        }
        ExitCode::FAILURE
    }
}

/// Prints one line. A reader that has gone away, as `head` does, is no error.
fn print(text: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
