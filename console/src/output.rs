//! What is printed, for people or for programs.

use std::error::Error;
use std::fmt::{self, Display};
use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::error::OpsError;
use crate::exit::Exit;

/// Where a command prints: its result to one place, everything else to the other.
pub(crate) struct Output<'a> {
    json: bool,
    result: &'a mut (dyn Write + Send),
    beside: &'a mut (dyn Write + Send),
    /// Whether bars that move are of use.
    is_terminal: bool,
}

impl<'a> Output<'a> {
    pub(crate) fn new(
        json: bool,
        result: &'a mut (dyn Write + Send),
        beside: &'a mut (dyn Write + Send),
        is_terminal: bool,
    ) -> Self {
        Self {
            json,
            result,
            beside,
            is_terminal,
        }
    }

    /// Prints a result in the form that was asked for.
    pub(crate) fn show(&mut self, result: &(impl Serialize + Display)) -> Result<(), OpsError> {
        if self.json {
            let text = serde_json::to_string(result)?;
            writeln!(self.result, "{text}")?;
        } else {
            writeln!(self.result, "{result}")?;
        }
        self.result.flush()?;
        Ok(())
    }

    /// Tells a person something that is no part of the result.
    pub(crate) fn note(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.beside, "{text}")
    }

    pub(crate) fn error(&mut self, error: &OpsError) -> Exit {
        let exit = error.exit();
        if exit == Exit::Fine {
            return exit;
        }
        let (message, causes) = explain(error);
        let all: Vec<&str> = std::iter::once(&message)
            .chain(&causes)
            .map(String::as_str)
            .collect();
        let _ = writeln!(self.beside, "error: {}", all.join(": "));
        if self.json {
            let failure = Failure {
                error: message,
                causes,
            };
            let _ = self.show(&failure);
        }
        exit
    }

    /// A bar on a terminal, and nothing elsewhere. See [`counting`], too.
    pub(crate) fn bar(&self, total: u64) -> ProgressBar {
        if !self.is_terminal || self.json {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(total);
        let template = "{bar:40} {percent}% {human_pos} of {human_len}, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar
    }
}

/// Goes on with a bar as a counter of what nobody knows the number of.
pub(crate) fn counting(bar: &ProgressBar, what: &'static str) {
    bar.reset();
    bar.unset_length();
    let template = "{spinner} {human_pos} {msg}, {per_sec}, {elapsed}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what);
}

/// What stands where the result would be.
#[derive(Serialize)]
struct Failure {
    error: String,
    causes: Vec<String>,
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}

fn explain(error: &OpsError) -> (String, Vec<String>) {
    let message = without_passwords(&error.to_string());
    let mut causes: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = without_passwords(&cause.to_string());
        // An outer error may be nothing but a wrapper with the same words, or say them itself.
        if !causes.last().unwrap_or(&message).ends_with(&text) {
            causes.push(text);
        }
        source = cause.source();
    }
    (message, causes)
}

/// A text in which no URL has a user's name or password.
pub(crate) fn without_passwords(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        clean.push_str(before);
        // A password may itself have a `/`, an `@`, a quote or a space, if somebody has forgotten to
        // encode it: hide too much rather than too little.
        let line = after.find('\n').unwrap_or(after.len());
        let host = after[..line].rfind('@').map_or(0, |at| at + 1);
        let end = host + end_of_url(&after[host..]);
        clean.push_str(&without_parameter(&after[host..end]));
        rest = &after[end..];
    }
    clean.push_str(rest);
    clean
}

fn end_of_url(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '<' | '>');
    text.find(ends).unwrap_or(text.len())
}

/// Postgres takes a password as a parameter, too.
fn without_parameter(url: &str) -> String {
    match url.split_once("password=") {
        None => url.to_owned(),
        Some((before, after)) => {
            let end = after.find('&').unwrap_or(after.len());
            format!("{before}password=…{}", &after[end..])
        }
    }
}
