//! Reading on while a page is folded.

use std::sync::Arc;

use rehydrate_port::{Page, StoreError, StreamQuery};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::outcome_of;
use super::read::read_events;
use crate::dialect::pages::{End, PageSize};
use crate::sqlite::readers::Readers;

/// What is handed over at once of the page after the first, so that nobody waits for all of it; of
/// later ones all is, as whoever takes it has something to fold meanwhile.
const SLICE: PageSize = PageSize {
    events: 200,
    bytes: 128 * 1024,
};

/// A page that is being read.
pub(super) struct Ahead {
    readers: Arc<Readers>,
    query: StreamQuery,
    /// What is handed over before the rest of the page.
    slices: Option<mpsc::UnboundedReceiver<Page>>,
    rest: JoinHandle<Result<(Page, End), StoreError>>,
}

impl Ahead {
    /// Begins to read the page after the first, and hands it over in slices.
    pub(super) fn start_in_slices(readers: &Arc<Readers>, query: StreamQuery) -> Self {
        let (sender, slices) = mpsc::unbounded_channel();
        // It waits for nobody, so that the connection is soon free again.
        let hand_over = move |slice: &mut Page| sender.send(std::mem::take(slice)).is_ok();
        Self::read(readers, query, SLICE, hand_over, Some(slices))
    }

    /// Begins to read a page.
    fn start(readers: &Arc<Readers>, query: StreamQuery) -> Self {
        Self::read(readers, query, PageSize::USUAL, |_| true, None)
    }

    fn read(
        readers: &Arc<Readers>,
        query: StreamQuery,
        slice: PageSize,
        hand_over: impl FnMut(&mut Page) -> bool + Send + 'static,
        slices: Option<mpsc::UnboundedReceiver<Page>>,
    ) -> Self {
        let wanted = query.clone();
        let read = move |connection: &_, store: &_| {
            let size = PageSize::USUAL;
            read_events(connection, &wanted, [size, slice], store, hand_over)
        };
        let rest = readers.start(read).unwrap_or_else(|read| {
            let readers = Arc::clone(readers);
            tokio::spawn(async move { readers.read(read).await })
        });
        Self {
            readers: Arc::clone(readers),
            query,
            slices,
            rest,
        }
    }

    /// The next slice or page, and what comes after it; nothing if it is empty.
    pub(super) async fn next(mut self) -> Option<(Result<Page, StoreError>, Option<Self>)> {
        if let Some(slices) = &mut self.slices {
            if let Some(slice) = slices.recv().await {
                self.query = rest_of(self.query.clone(), &slice);
                return Some((Ok(slice), Some(self)));
            }
            self.slices = None;
        }
        match outcome_of(&mut self.rest).await {
            Ok((page, _)) if page.is_empty() => None,
            Ok((page, End::Reached)) => Some((Ok(page), None)),
            Ok((page, End::NotYet)) => {
                let query = rest_of(self.query.clone(), &page);
                let next = Self::start(&self.readers, query);
                Some((Ok(page), Some(next)))
            }
            Err(error) => Some((Err(error), None)),
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.rest.abort();
    }
}

/// What is to be read after a page.
pub(super) fn rest_of(mut query: StreamQuery, page: &Page) -> StreamQuery {
    if let Some(last) = page.last() {
        query.after = last.version;
    }
    query.limit = query.limit.map(|limit| limit.saturating_sub(page.len()));
    query
}
