//! Rows as pages, no faster than they are taken.

use futures_util::stream::{self, BoxStream, StreamExt as _};
use rehydrate::{Page, StoreError, StreamId, Version};
use sqlx::Database;
use tokio::sync::mpsc;

use super::Dialect;
use super::rows;

/// A page ends with this event …
pub(crate) const PAGE_EVENTS: usize = 1_000;
/// … or with the event that brings its text to this size.
pub(crate) const PAGE_BYTES: usize = 1024 * 1024;

/// The rows of one statement.
pub(crate) type Rows<'a, D> = BoxStream<'a, Result<<D as Database>::Row, sqlx::Error>>;

/// The events of a stream, and how far they have been read.
#[derive(Debug)]
pub(crate) struct Events<'a> {
    pub(crate) stream: StreamId,
    /// The version of the event before the next one.
    pub(crate) last: Version,
    pub(crate) store: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    NotYet,
    Reached,
}

impl Events<'_> {
    /// The next page, which is empty only at the end.
    pub(crate) async fn next_page<D: Dialect>(
        &mut self,
        rows: &mut Rows<'_, D>,
    ) -> Result<(Page, End), StoreError> {
        let stream = &self.stream;
        let mut page = Page::new();
        while let Some(row) = rows.next().await {
            let row = row.map_err(|error| D::explain(self.store, "read a stream", error))?;
            let event = D::event(&row).map_err(|error| rows::Fault::from(error).explain(stream))?;
            let version = rows::push_event(&mut page, &event, stream.category(), stream.id())
                .map_err(|fault| fault.explain(stream))?;
            if version != self.last.next() {
                return Err(missing(stream, self.last.next(), version));
            }
            self.last = version;
            if page.len() >= PAGE_EVENTS || page.bytes() >= PAGE_BYTES {
                return Ok((page, End::NotYet));
            }
        }
        Ok((page, End::Reached))
    }
}

/// Adds an event of any stream to a page of the log.
pub(crate) fn push_to_log<D: Dialect>(page: &mut Page, row: &D::Row) -> Result<(), StoreError> {
    let unreadable = |error: sqlx::Error| StoreError::Backend {
        action: "read a row",
        source: error.into(),
    };
    let (category, id) = D::stream(row).map_err(unreadable)?;
    let pushed = D::event(row)
        .map_err(rows::Fault::from)
        .and_then(|event| rows::push_event(page, &event, category, id));
    match pushed {
        Ok(_) => Ok(()),
        Err(fault) => Err(fault.explain(&rows::stream(category, id)?)),
    }
}

fn missing(stream: &StreamId, expected: Version, found: Version) -> StoreError {
    StoreError::Corrupt {
        stream: stream.clone(),
        reason: format!("event {expected} is missing, the next one is {found}"),
    }
}

/// What a task sends, without a task: it runs when the stream is polled, and goes with it.
pub(crate) fn produce<'a, T, F>(task: impl FnOnce(mpsc::Sender<T>) -> F) -> BoxStream<'a, T>
where
    T: Send + 'a,
    F: Future<Output = ()> + Send + 'a,
{
    let (sender, mut receiver) = mpsc::channel(1);
    let task = stream::once(task(sender)).filter_map(async |()| None);
    let items = stream::poll_fn(move |context| receiver.poll_recv(context));
    stream::select(items, task).boxed()
}
