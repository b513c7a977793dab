//! How reads have fared with snapshots.

use std::sync::atomic::{AtomicU64, Ordering};

use rehydrate_port::{SnapshotRead, SnapshotUse, StreamQuery, StreamRead};

/// Counts since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    asked: AtomicU64,
    found: AtomicU64,
}

impl Usage {
    pub(crate) fn count(&self, query: &StreamQuery, read: &StreamRead<'_>) {
        if query.snapshot.is_some() && read.command.is_none() {
            let found = matches!(read.snapshot, SnapshotRead::Found(_));
            self.asked.fetch_add(1, Ordering::Relaxed);
            self.found.fetch_add(u64::from(found), Ordering::Relaxed);
        }
    }

    pub(crate) fn snapshots(&self) -> SnapshotUse {
        SnapshotUse {
            asked: self.asked.load(Ordering::Relaxed),
            found: self.found.load(Ordering::Relaxed),
        }
    }
}
