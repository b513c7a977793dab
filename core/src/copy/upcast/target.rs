//! The store that a copy is written to: what it has already, and what it gets.

use rehydrate_port::{EventStore, LogQuery, Page, Position, StoreError, StoredEvent};

use super::UpcastCopyError;
use super::json::same_but_for_order;
use super::rewriting::Rows;

pub(super) struct Target<'a> {
    store: &'a dyn EventStore,
    /// Where the log ended at first.
    found: Position,
    /// What was found up to here is what this copy writes.
    compared: Position,
    /// The last event of this copy.
    end: Position,
    events: u64,
    written: u64,
}

impl<'a> Target<'a> {
    pub(super) async fn open(store: &'a dyn EventStore) -> Result<Self, StoreError> {
        Ok(Self {
            store,
            found: store.watermark().await?,
            compared: Position::ZERO,
            end: Position::ZERO,
            events: 0,
            written: 0,
        })
    }

    pub(super) fn written(&self) -> u64 {
        self.written
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn end(&self) -> Position {
        self.end
    }

    /// Compares the next events of the copy with those that are there, and writes those that are
    /// not.
    pub(super) async fn take(&mut self, rows: &Rows) -> Result<(), UpcastCopyError> {
        let mut expected = rows.page.iter().zip(&rows.is_rewritten);
        while expected.len() > 0 && self.compared < self.found {
            let query = LogQuery {
                limit: expected.len(),
                ..LogQuery::after(self.compared)
            };
            let there = self.store.read_log(&query).await?;
            for found in there.events.iter() {
                let wanted = expected.next();
                if !wanted.is_some_and(|(row, rewritten)| is_same(&found, &row, *rewritten)) {
                    return Err(not_this_copy(&found));
                }
                self.events += 1;
                self.end = found.position;
            }
            if there.read_to == self.compared {
                break;
            }
            self.compared = there.read_to;
        }
        let mut new = Page::new();
        new.extend(expected.map(|(event, _)| event.row()));
        let Some(last) = new.last() else {
            return Ok(());
        };
        let end = last.position;
        self.store.import(&new).await?;
        self.events += new.len() as u64;
        self.written += new.len() as u64;
        self.end = end;
        Ok(())
    }

    /// Refuses a target that has events beyond the end of the copy.
    pub(super) async fn refuse_more(&self) -> Result<(), UpcastCopyError> {
        if self.compared >= self.found {
            return Ok(());
        }
        let query = LogQuery {
            limit: 1,
            ..LogQuery::after(self.compared)
        };
        match self.store.read_log(&query).await?.events.first() {
            None => Ok(()),
            Some(event) => Err(not_this_copy(&event)),
        }
    }
}

/// Whether an event is the one that this copy writes. What was encoded anew may have been encoded in
/// another order, as the elements of a `HashSet` are; the states are compared in the end.
fn is_same(found: &StoredEvent<'_>, wanted: &StoredEvent<'_>, is_rewritten: bool) -> bool {
    let payload = if is_rewritten {
        same_but_for_order(found.payload, wanted.payload)
    } else {
        found.payload == wanted.payload
    };
    payload
        && found.category == wanted.category
        && found.stream_id == wanted.stream_id
        && found.version == wanted.version
        && found.position == wanted.position
        && found.event_type == wanted.event_type
        && found.schema_version == wanted.schema_version
        && found.metadata == wanted.metadata
        && found.event_id == wanted.event_id
        && found.recorded_at == wanted.recorded_at
}

fn not_this_copy(found: &StoredEvent<'_>) -> UpcastCopyError {
    UpcastCopyError::NotThisCopy {
        found: Box::new(found.address()),
    }
}
