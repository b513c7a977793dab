//! Takes the history of fines from a CSV file: each row becomes the event it is.
//!
//! The file is read line by line and stored some hundred rows to a transaction, so memory does not
//! grow with it. Each row is a command with a key made of its content, so a second import of the
//! row appends nothing.

mod batch;
mod columns;
mod key;
mod lines;
mod row;

use std::io::{self, BufRead};
use std::path::PathBuf;

use rehydrate::{ExecuteError, Repository};
use serde::Serialize;

use self::batch::Stored;
use self::columns::Columns;
use self::key::Keys;
use self::lines::{Line, Lines};
use self::row::Row;
use crate::fine::{Fine, FineEvent, Refusal};
use crate::money::Cents;

/// How many rows share a transaction.
const BATCH: usize = 500;
/// How many rejected rows a summary lists; the others are counted.
const LISTED: usize = 1_000;

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The rows in the file, without its header.
    pub rows: u64,
    /// The events that are new.
    pub appended: u64,
    /// The rows that an earlier import had appended.
    pub skipped: u64,
    /// The fines created in the file.
    pub fines: u64,
    /// The sum of the payments in the file.
    pub paid_cents: Cents,
    /// The rows that were not taken, in the order of the file; at most 1,000 of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejected>,
    /// How many more were not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_more: Option<u64>,
}

/// A row that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The line in the file, from 1, as an editor counts.
    pub line: u64,
    /// The column with the fault.
    pub column: String,
    /// What is wrong.
    pub reason: String,
}

/// Why an import stopped. What was stored before stays, and a second import goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be opened.
    #[error("cannot open {}", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file cannot be read.
    #[error("cannot read line {line}")]
    Read {
        /// The line.
        line: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The first line does not name the columns.
    #[error("the header {0}")]
    Header(String),
    /// The store failed.
    #[error("cannot store line {line}")]
    Store {
        /// The line.
        line: u64,
        /// What the store said.
        source: ExecuteError<Refusal>,
    },
}

/// Somebody who watches an import.
pub trait Watch {
    /// So many bytes of the file have been dealt with.
    fn read(&mut self, bytes: u64);
    /// A row was not taken.
    fn rejected(&mut self, row: &Rejected);
}

/// Imports a file's content.
///
/// # Errors
/// The content cannot be read, its header lacks a column, or the store failed. A bad row is no
/// error: it is in the summary, and the others are stored.
pub async fn import(
    fines: &Repository<Fine>,
    source: impl BufRead,
    watch: &mut impl Watch,
) -> Result<Summary, ImportError> {
    let mut lines = Lines::new(source);
    let columns = match lines.next()? {
        Some(Line {
            text: Some(text), ..
        }) => Columns::of_header(text)?,
        _ => return Err(ImportError::Header("is missing".to_owned())),
    };
    let mut keys = Keys::new();
    let mut summary = Summary::default();
    let mut pending = Pending::default();
    while let Some(line) = lines.next()? {
        if line.is_blank() {
            continue;
        }
        summary.rows += 1;
        match Row::parse(&line, &columns, &mut keys) {
            Ok(row) => pending.rows.push(row),
            Err(rejected) => pending.rejected.push(rejected),
        }
        if pending.len() == BATCH {
            pending.settle(fines, &mut summary, watch).await?;
            watch.read(lines.bytes());
        }
    }
    pending.settle(fines, &mut summary, watch).await?;
    watch.read(lines.bytes());
    Ok(summary)
}

/// Lines that have been read and not yet been stored or reported.
#[derive(Default)]
struct Pending {
    rows: Vec<Row>,
    rejected: Vec<Rejected>,
}

impl Pending {
    fn len(&self) -> usize {
        self.rows.len() + self.rejected.len()
    }

    async fn settle(
        &mut self,
        fines: &Repository<Fine>,
        summary: &mut Summary,
        watch: &mut impl Watch,
    ) -> Result<(), ImportError> {
        let stored = batch::store(fines, &self.rows).await?;
        for (row, stored) in self.rows.drain(..).zip(stored) {
            match stored {
                Stored::Appended => summary.appended += 1,
                Stored::Before => summary.skipped += 1,
                Stored::Rejected(rejected) => {
                    self.rejected.push(rejected);
                    continue;
                }
            }
            summary.count(&row.event);
        }
        self.rejected.sort_by_key(|rejected| rejected.line);
        for rejected in self.rejected.drain(..) {
            watch.rejected(&rejected);
            summary.list(rejected);
        }
        Ok(())
    }
}

impl Summary {
    /// How many rows were not taken.
    #[must_use]
    pub fn rejected_rows(&self) -> u64 {
        self.rows - self.appended - self.skipped
    }

    fn count(&mut self, event: &FineEvent) {
        match event {
            FineEvent::Issued(_) => self.fines += 1,
            FineEvent::PaymentReceived(payment) => self.paid_cents += payment.cents,
            _ => {}
        }
    }

    fn list(&mut self, rejected: Rejected) {
        if self.rejected.len() < LISTED {
            self.rejected.push(rejected);
        } else {
            *self.rejected_more.get_or_insert(0) += 1;
        }
    }
}
