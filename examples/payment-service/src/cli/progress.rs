//! How an import shows its progress: on stderr.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};

use crate::import::{Rejected, Watch};

/// A bar on a terminal, and a line for each row that was not taken.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new(bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% {eta} left") {
            bar.set_style(style);
        }
        Self { bar }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watch for Progress {
    fn read(&mut self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    fn rejected(&mut self, row: &Rejected) {
        self.bar.suspend(|| {
            let Rejected {
                line,
                column,
                reason,
            } = row;
            let _ = writeln!(io::stderr(), "line {line}, column {column}: {reason}");
        });
    }
}
