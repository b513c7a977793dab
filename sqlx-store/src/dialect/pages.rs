//! Rows as pages, no faster than they are taken.

use std::future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures_util::FutureExt as _;
use futures_util::future::FusedFuture as _;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use rehydrate_port::{Page, StoreError, StreamId, Version};
use sqlx::Database;

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

    pub(crate) fn of(page: &Page) -> Self {
        Self {
            events: page.len(),
            bytes: page.bytes(),
        }
    }

    /// Whether a page of this size is full, if it may have that one.
    pub(crate) fn fills(self, most: Self) -> bool {
        self.events >= most.events || self.bytes >= most.bytes
    }
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
        Ok(if PageSize::of(page).fills(size) {
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

/// What a task hands over, without a task: it runs when the stream is polled, and goes with it.
///
/// Not a channel, which would wake the task that is running already: the runtime would poll it once
/// more for nothing, and wake another thread to do so.
pub(crate) fn produce<'a, T, F>(task: impl FnOnce(Handover<T>) -> F) -> BoxStream<'a, T>
where
    T: Send + 'a,
    F: Future<Output = ()> + Send + 'a,
{
    let handover = Handover(Arc::default());
    let taken = Handover(Arc::clone(&handover.0));
    let mut task = Box::pin(task(handover).fuse());
    let items = stream::poll_fn(move |context| {
        let _ = task.as_mut().poll(context);
        match taken.item().take() {
            Some(item) => Poll::Ready(Some(item)),
            None if task.is_terminated() => Poll::Ready(None),
            None => Poll::Pending,
        }
    });
    items.boxed()
}

/// Where a task of [`produce`] leaves one item at a time.
#[derive(Debug)]
pub(crate) struct Handover<T>(Arc<Mutex<Option<T>>>);

impl<T> Handover<T> {
    /// Goes on when somebody wants the next item, which may be never.
    pub(crate) async fn give(&mut self, item: T) {
        *self.item() = Some(item);
        // Whoever takes it polls again for the next one.
        future::poll_fn(|_| match *self.item() {
            Some(_) => Poll::Pending,
            None => Poll::Ready(()),
        })
        .await;
    }

    fn item(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake, Waker};

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_handed_over_comes_in_order_and_wakes_nobody() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut context = Context::from_waker(&waker);
        let (answer, question) = tokio::sync::oneshot::channel();
        let mut items = produce(async |mut items| {
            items.give(1).await;
            items.give(2).await;
            items.give(question.await.unwrap_or(0)).await;
        });
        assert_eq!(items.poll_next_unpin(&mut context), Poll::Ready(Some(1)));
        assert_eq!(items.poll_next_unpin(&mut context), Poll::Ready(Some(2)));
        assert_eq!(items.poll_next_unpin(&mut context), Poll::Pending);
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
        answer.send(3).expect("the task waits for it");
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1, "by the answer");
        assert_eq!(items.poll_next_unpin(&mut context), Poll::Ready(Some(3)));
        assert_eq!(items.poll_next_unpin(&mut context), Poll::Ready(None));
        assert_eq!(items.poll_next_unpin(&mut context), Poll::Ready(None));
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    }
}
