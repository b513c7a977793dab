//! Rows as pages, no faster than they are taken.

use futures_util::stream::{self, BoxStream, StreamExt as _};
use rehydrate_port::{Page, StoreError, StreamId, Version};
use sqlx::Database;
use tokio::sync::mpsc;

use super::Dialect;
use super::rows::{self, RawEvent};

/// A page ends with the event that brings its text to this size, or with as many events.
pub(crate) const PAGE_BYTES: usize = 1024 * 1024;

/// Where a page ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageSize {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

impl PageSize {
    pub(crate) const USUAL: Self = Self {
        events: 1_000,
        bytes: PAGE_BYTES,
    };
}

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

/// Whether a page can take one more event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    Room,
    Full,
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
        let mut page = Page::new();
        while let Some(row) = rows.next().await {
            let row = row.map_err(|error| D::explain(self.store, "read a stream", error))?;
            if self.push(&mut page, D::event(&row), PageSize::USUAL)? == Fill::Full {
                return Ok((page, End::NotYet));
            }
        }
        Ok((page, End::Reached))
    }

    /// Adds the next event to a page.
    pub(crate) fn push(
        &mut self,
        page: &mut Page,
        event: Result<RawEvent<'_>, sqlx::Error>,
        size: PageSize,
    ) -> Result<Fill, StoreError> {
        let stream = &self.stream;
        let version = event
            .map_err(rows::Fault::from)
            .and_then(|event| rows::push_event(page, &event, stream.category(), stream.id()))
            .map_err(|fault| fault.explain(stream))?;
        if version != self.last.next() {
            return Err(missing(stream, self.last.next(), version));
        }
        self.last = version;
        Ok(if page.len() >= size.events || page.bytes() >= size.bytes {
            Fill::Full
        } else {
            Fill::Room
        })
    }
}

/// Adds an event of any stream to a page of the log.
pub(crate) fn push_to_log(
    page: &mut Page,
    stream: Result<(&str, &str), sqlx::Error>,
    event: Result<RawEvent<'_>, sqlx::Error>,
) -> Result<(), StoreError> {
    let (category, id) = stream.map_err(|error| StoreError::Backend {
        action: "read a row",
        source: error.into(),
    })?;
    let pushed = event
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
