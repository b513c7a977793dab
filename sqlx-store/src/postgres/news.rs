//! Telling those who wait for news that there may be some.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::Postgres;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::task::JoinHandle;

use super::statements::Statements;
use crate::dialect::pool::Pool;

/// Other processes are told at most this often. Each NOTIFY takes a lock of the whole server.
const DEBOUNCE: Duration = Duration::from_millis(25);
/// How long to wait before listening again, after the connection was lost.
const PAUSE: Duration = Duration::from_secs(1);

/// What wakes the waiting: at once in this process, and by NOTIFY in the others.
#[derive(Debug)]
pub(super) struct News {
    here: Arc<Notify>,
    elsewhere: Arc<Notify>,
    pool: Pool<Postgres>,
    statements: Statements,
    channel: String,
    wakes_others: bool,
    teller: Mutex<Option<JoinHandle<()>>>,
    listener: Mutex<Option<JoinHandle<()>>>,
}

impl News {
    pub(super) fn new(
        pool: Pool<Postgres>,
        statements: Statements,
        table: i64,
        wakes_others: bool,
    ) -> Self {
        Self {
            here: Arc::default(),
            elsewhere: Arc::default(),
            pool,
            statements,
            channel: format!("rehydrate_{table}"),
            wakes_others,
            teller: Mutex::default(),
            listener: Mutex::default(),
        }
    }

    /// Something was committed.
    pub(super) fn spread(&self) {
        self.here.notify_waiters();
        if self.wakes_others {
            self.elsewhere.notify_one();
            keep_running(&self.teller, || {
                let (news, pool) = (Arc::clone(&self.elsewhere), self.pool.clone());
                tell(news, pool, self.statements.clone(), self.channel.clone())
            });
        }
    }

    /// What comes after this call.
    pub(super) fn next(&self) -> Notified<'_> {
        keep_running(&self.listener, || {
            let options = self.pool.options().clone();
            listen(Arc::clone(&self.here), options, self.channel.clone())
        });
        self.here.notified()
    }
}

impl Drop for News {
    fn drop(&mut self) {
        for task in [&self.teller, &self.listener] {
            if let Some(task) = lock(task).take() {
                task.abort();
            }
        }
    }
}

/// Starts a task, unless it runs; one that was started on a runtime that is gone does not.
fn keep_running<F>(task: &Mutex<Option<JoinHandle<()>>>, start: impl FnOnce() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut task = lock(task);
    if task.as_ref().is_none_or(JoinHandle::is_finished) {
        *task = Some(tokio::spawn(start()));
    }
}

fn lock(task: &Mutex<Option<JoinHandle<()>>>) -> MutexGuard<'_, Option<JoinHandle<()>>> {
    task.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes news on to other processes. Never in an append's transaction: those that send a NOTIFY
/// commit one after the other, on the whole server.
async fn tell(news: Arc<Notify>, pool: Pool<Postgres>, statements: Statements, channel: String) {
    loop {
        news.notified().await;
        match pool.acquire().await {
            Ok(mut connection) => {
                let notify = statements.notify().bind(channel.as_str());
                match notify.execute(&mut *connection).await {
                    Ok(_) => connection.give_back(),
                    Err(error) => tracing::debug!(%error, "cannot wake other processes"),
                }
            }
            Err(error) => tracing::debug!(%error, "cannot wake other processes"),
        }
        tokio::time::sleep(DEBOUNCE).await;
    }
}

/// Takes news of other processes, on a connection of its own.
async fn listen(news: Arc<Notify>, options: PgConnectOptions, channel: String) {
    loop {
        if let Err(error) = listen_once(&news, options.clone(), &channel).await {
            tracing::debug!(%error, "cannot wait for other processes");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_once(
    news: &Notify,
    options: PgConnectOptions,
    channel: &str,
) -> Result<(), sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options);
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.eager_reconnect(false);
    listener.listen(channel).await?;
    loop {
        // Also after a pause in which nobody listened.
        news.notify_waiters();
        if listener.try_recv().await?.is_none() {
            return Ok(());
        }
    }
}
