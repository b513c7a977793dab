//! Taking what was committed from the WAL into the file, beside the writers and not within a commit.
//!
//! SQLite does it in the commit that makes the WAL 1,000 pages long, and whoever waits for that one
//! waits for all of their pages to be on the disk. Here a thread of its own does it more often. The
//! WAL begins anew only after a commit has found everything in the file, so commits go on to look
//! for themselves now and then; what is left for them is little.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::direct::Opening;
use super::statements;

/// About how many pages are changed between two checkpoints, those of a thousand appends of one
/// event: 12 MB.
const PAGES: u64 = 3_000;

/// The length of the WAL, in pages, at which a commit looks for itself: 32 MB.
pub(super) const PAGES_FOR_A_COMMIT: &str = "8000";

#[derive(Debug)]
pub(super) struct Checkpoints {
    opening: Opening,
    connection: Mutex<Option<Connection>>,
    written: AtomicU64,
    is_under_way: AtomicBool,
}

impl Checkpoints {
    pub(super) fn new(opening: Opening) -> Self {
        Self {
            opening,
            connection: Mutex::default(),
            written: AtomicU64::new(0),
            is_under_way: AtomicBool::new(false),
        }
    }

    /// So many pages have been changed and committed.
    pub(super) fn written(self: &Arc<Self>, pages: u64) {
        let written = self.written.fetch_add(pages, Ordering::Relaxed) + pages;
        if written < PAGES || self.is_under_way.swap(true, Ordering::AcqRel) {
            return;
        }
        self.written.store(0, Ordering::Relaxed);
        let turn = Turn(Arc::clone(self));
        tokio::task::spawn_blocking(move || {
            if let Err(error) = turn.0.run() {
                tracing::warn!(%error, "the WAL cannot be taken into the file");
            }
        });
    }

    fn run(&self) -> Result<(), sqlx::Error> {
        let mut kept = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let connection = match kept.take() {
            Some(connection) => connection,
            None => self.opening.open()?,
        };
        let done = connection.query_row(statements::CHECKPOINT, [], |_| Ok(()));
        done.map_err(super::error::of_rusqlite)?;
        *kept = Some(connection);
        Ok(())
    }
}

/// The right to make a checkpoint, also if its thread never comes to run.
struct Turn(Arc<Checkpoints>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.is_under_way.store(false, Ordering::Release);
    }
}
