//! Reading a backlog.
//!
//! What is at or below a watermark does not change any more. So whoever is far behind one that was
//! found a moment ago need not look for the next one with each page, nor have the server weigh the
//! events of a page when those before were light.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use rehydrate_port::{LogPage, LogQuery, Page, Position, StoreError};
use sqlx::{PgConnection, Postgres};

use super::error::explain;
use super::rows::stream;
use super::statements::Statements;
use crate::dialect::Dialect as _;
use crate::dialect::pages::{PAGE_BYTES, push_to_log};
use crate::dialect::rows::clamp;

/// Older, and a watermark may be one of tables that have been replaced meanwhile.
const RECENT: Duration = Duration::from_secs(1);

/// What the last pages have told.
#[derive(Debug, Default)]
pub(super) struct Backlog(Mutex<Option<Known>>);

#[derive(Clone, Copy, Debug)]
struct Known {
    watermark: Position,
    found: Instant,
    /// The text of an event, on average.
    event_bytes: usize,
}

impl Backlog {
    /// Remembers what a page with a new watermark has told.
    pub(super) fn learn(&self, page: &LogPage) {
        let count = page.events.len();
        *self.known() = (count > 0).then(|| Known {
            watermark: page.watermark,
            found: Instant::now(),
            event_bytes: (page.events.bytes() / count).max(1),
        });
    }

    /// A page that is surely not the last one, or nothing if that cannot be known.
    pub(super) async fn read(
        &self,
        connection: &mut PgConnection,
        statements: &Statements,
        query: &LogQuery,
        store: &str,
    ) -> Result<Option<LogPage>, StoreError> {
        let Some((watermark, limit)) = self.covers(query) else {
            return Ok(None);
        };
        let category = match query.categories.as_slice() {
            [only] => Some(only.as_str()),
            _ => None,
        };
        let select = match category {
            Some(_) => statements.read_settled_of_category(),
            None => statements.read_settled(),
        };
        let select = select
            .bind(clamp(query.after.get()))
            .bind(clamp(watermark.get()))
            .bind(clamp(limit));
        let select = match category {
            Some(category) => select.bind(category.to_owned()),
            None => select.bind((!query.categories.is_empty()).then(|| query.categories.clone())),
        };
        let mut rows = select.fetch(connection);
        let mut events = Page::with_capacity(limit, limit.saturating_mul(self.event_bytes()));
        while let Some(row) = rows.next().await {
            let row = row.map_err(|error| explain(store, "read the log", error))?;
            push_to_log(&mut events, stream(&row, category), Postgres::event(&row))?;
            if events.bytes() >= PAGE_BYTES {
                break;
            }
        }
        let is_full = events.len() >= limit || events.bytes() >= PAGE_BYTES;
        let last = events.last().map(|event| event.position);
        Ok(last
            .filter(|last| is_full && *last < watermark)
            .map(|last| LogPage {
                events,
                read_to: last,
                watermark,
            }))
    }

    /// A watermark that the query does not come near, and how many events make a page.
    fn covers(&self, query: &LogQuery) -> Option<(Position, usize)> {
        let known = (*self.known())?;
        let end = query.after.get().saturating_add(query.limit as u64);
        let is_far = end < known.watermark.get() && known.found.elapsed() < RECENT;
        let limit = query.limit.min(PAGE_BYTES / known.event_bytes);
        (is_far && limit > 0).then_some((known.watermark, limit))
    }

    fn event_bytes(&self) -> usize {
        self.known().map_or(0, |known| known.event_bytes)
    }

    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
