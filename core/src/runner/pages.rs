//! The log, page by page, the next one already on its way.

use std::sync::Arc;

use rehydrate_port::{EventStore, LogPage, LogQuery, Position, StoreError};
use tokio::task::JoinHandle;

/// Reads the log ahead while there is a backlog.
pub(crate) struct Pages {
    store: Arc<dyn EventStore>,
    query: LogQuery,
    next: Option<Ahead>,
}

struct Ahead {
    after: Position,
    page: JoinHandle<Result<LogPage, StoreError>>,
}

impl Pages {
    pub(crate) fn new(store: Arc<dyn EventStore>, query: LogQuery) -> Self {
        Self {
            store,
            query,
            next: None,
        }
    }

    /// The page after a position. It begins to read the one after that, if there is more.
    pub(crate) async fn after(&mut self, after: Position) -> Result<LogPage, StoreError> {
        let ahead = self.next.take();
        let page = match ahead.filter(|ahead| ahead.after == after) {
            Some(mut ahead) => match (&mut ahead.page).await {
                Ok(page) => page?,
                Err(_) => self.read(after).await?,
            },
            None => self.read(after).await?,
        };
        if page.read_to < page.watermark && page.read_to > after {
            let store = Arc::clone(&self.store);
            let query = LogQuery {
                after: page.read_to,
                ..self.query.clone()
            };
            self.next = Some(Ahead {
                after: page.read_to,
                page: tokio::spawn(async move { store.read_log(&query).await }),
            });
            // So that it has begun before the caller folds this page: a task that is new stands
            // first in the line of this thread, where no other thread takes it from.
            tokio::task::yield_now().await;
        }
        Ok(page)
    }

    async fn read(&self, after: Position) -> Result<LogPage, StoreError> {
        let query = LogQuery {
            after,
            ..self.query.clone()
        };
        self.store.read_log(&query).await
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.page.abort();
    }
}
