//! Appends by many callers, committed together.
//!
//! A commit waits for the disk. While one group of appends waits, the next one gathers in a queue,
//! and a leader commits it as a whole: so the number of appends in a second is not bound to what the
//! disk can do. The leader has a thread to wait on, so that a caller who gives up takes nobody
//! else's append along.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rehydrate_port::{Appended, StoreError};
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedMutexGuard, oneshot};

use super::SqliteStats;
use super::append::Append;
use super::checkpoints::Checkpoints;
use super::connection::WriterConnection;
use super::direct::{Failed, Stage, try_group};
use super::error::{Shared, explain};
use super::options::SqliteOptions;

/// How many appends one commit takes at most, so that the first of them does not wait long.
const LARGEST_GROUP: usize = 256;

/// So many events may be written on the spot.
const FEW: usize = 100;

/// Who does not even wait so long to write is not to wait for a reader.
const PATIENT: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Writer {
    connection: Arc<tokio::sync::Mutex<WriterConnection>>,
    queue: Mutex<Queue>,
    waits_for_the_disk: bool,
    patience: Duration,
    store: Arc<str>,
    appends: AtomicU64,
    commits: AtomicU64,
    news: Notify,
    checkpoints: Option<Arc<Checkpoints>>,
}

#[derive(Debug, Default)]
struct Queue {
    requests: VecDeque<Request>,
    has_leader: bool,
}

#[derive(Debug)]
struct Request {
    append: Append,
    reply: oneshot::Sender<Result<Appended, StoreError>>,
}

impl Writer {
    pub(super) fn new(
        connection: WriterConnection,
        options: &SqliteOptions,
        file: &Path,
        store: Arc<str>,
    ) -> Self {
        let checkpoints = options.has_checkpoints();
        Self {
            checkpoints: checkpoints
                .then(|| Arc::new(Checkpoints::new(options.direct_writer(file)))),
            connection: Arc::new(tokio::sync::Mutex::new(connection)),
            queue: Mutex::default(),
            waits_for_the_disk: options.waits_for_the_disk(),
            patience: options.patience(),
            store,
            appends: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            news: Notify::new(),
        }
    }

    pub(super) fn stats(&self) -> SqliteStats {
        SqliteStats {
            appends: self.appends.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
        }
    }

    /// Ends with the next commit.
    pub(super) fn news(&self) -> Notified<'_> {
        self.news.notified()
    }

    /// Wakes those who wait for a commit.
    pub(super) fn tell_news(&self) {
        self.news.notify_waiters();
    }

    /// Waits for the right to write.
    pub(super) async fn lock(&self) -> Result<OwnedMutexGuard<WriterConnection>, StoreError> {
        let connection = Arc::clone(&self.connection).lock_owned();
        let mut connection = tokio::time::timeout(self.patience, connection)
            .await
            .map_err(|_| self.occupied())?;
        connection.settle().await;
        Ok(connection)
    }

    /// As `lock`, on a thread that may wait.
    fn lock_here(&self, runtime: &Handle) -> Result<OwnedMutexGuard<WriterConnection>, StoreError> {
        match Arc::clone(&self.connection).try_lock_owned() {
            Ok(connection) if connection.is_settled() => Ok(connection),
            left_open => {
                drop(left_open);
                runtime.block_on(self.lock())
            }
        }
    }

    /// Appends in the next group, or by itself if nobody else does and no disk is waited for.
    pub(super) async fn append(self: &Arc<Self>, append: Append) -> Result<Appended, StoreError> {
        if let Some(answer) = self.append_here(&append) {
            return answer;
        }
        let (reply, answer) = oneshot::channel();
        if self.enqueue(Request { append, reply }) {
            let leader = Leader {
                writer: Arc::clone(self),
                has_finished: false,
            };
            let runtime = Handle::current();
            tokio::task::spawn_blocking(move || leader.lead(&runtime));
        }
        answer.await.unwrap_or_else(|gone| {
            // Its runtime has been shut down around it.
            Err(StoreError::OutcomeUnknown {
                source: gone.into(),
            })
        })
    }

    /// Appends on the spot, in less time than it takes to wake a thread; nothing is written if that
    /// would have to wait.
    fn append_here(&self, append: &Append) -> Option<Result<Appended, StoreError>> {
        if append.events().len() > FEW {
            return None;
        }
        let group = || std::iter::once(append);
        match self.here(|connection| try_group(connection, group(), &self.store))? {
            Ok(mut answers) => {
                self.count(&answers, append.pages());
                self.tell_news();
                answers.pop()
            }
            Err(Failed::Together(error, Stage::Commit)) => {
                Some(Err(Stage::Commit.explain(&self.store, error)))
            }
            // Nothing has been written, and whoever may wait may fare better.
            Err(Failed::Together(_, Stage::Begin) | Failed::Apart(_)) => None,
        }
    }

    /// Reads on the spot, with the pages that this connection has written still in its memory:
    /// SQLite forgets all that a connection has read when another one writes.
    pub(super) fn read_here<T>(
        &self,
        read: impl FnOnce(&Connection, &str) -> Result<T, StoreError>,
    ) -> Option<T> {
        if self.patience < PATIENT {
            return None;
        }
        self.here(|connection| read(connection, &self.store))?.ok()
    }

    /// Calls with the connection for groups, if nobody else has it. Not where commits wait for the
    /// disk: the next one would begin to wait only after the call.
    fn here<T>(&self, call: impl FnOnce(&Connection) -> T) -> Option<T> {
        if self.waits_for_the_disk || self.queue().has_leader {
            return None;
        }
        let mut connection = Arc::clone(&self.connection).try_lock_owned().ok()?;
        if !connection.is_settled() {
            return None;
        }
        let connection = connection.opened()?;
        // A group that was cut short is still to be taken back.
        if !connection.is_autocommit() {
            return None;
        }
        connection.busy_timeout(Duration::ZERO).ok()?;
        let _patient = Patient(connection, self.patience);
        Some(call(connection))
    }

    /// Whether the caller must start a leader.
    fn enqueue(&self, request: Request) -> bool {
        let mut queue = self.queue();
        queue.requests.push_back(request);
        !std::mem::replace(&mut queue.has_leader, true)
    }

    /// Whether there is something to do; if not, the leader is one no longer.
    fn has_requests(&self) -> bool {
        let mut queue = self.queue();
        queue.has_leader = !queue.requests.is_empty();
        queue.has_leader
    }

    /// Those whose caller still waits.
    fn next_group(&self) -> Vec<Request> {
        let mut queue = self.queue();
        let count = queue.requests.len().min(LARGEST_GROUP);
        queue
            .requests
            .drain(..count)
            .filter(|request| !request.reply.is_closed())
            .collect()
    }

    fn lead_group(&self, connection: &mut WriterConnection, group: Vec<Request>) {
        let events = group.iter().map(|request| request.append.events().len());
        let events: usize = events.sum();
        let span = tracing::debug_span!("commit", appends = group.len(), events);
        let _entered = span.enter();
        match connection.direct() {
            Ok(connection) => self.commit_group(connection, group),
            Err(error) => {
                let error: Shared = error.into();
                for request in group {
                    let error = Arc::clone(&error);
                    request.answer(Err(explain(&self.store, "open a connection", error)));
                }
            }
        }
    }

    fn commit_group(&self, connection: &Connection, group: Vec<Request>) {
        let appends = || group.iter().map(|request| &request.append);
        match try_group(connection, appends(), &self.store) {
            Ok(answers) => {
                self.count(&answers, appends().map(Append::pages).sum());
                self.tell_news();
                for (request, answer) in group.into_iter().zip(answers) {
                    request.answer(answer);
                }
            }
            Err(Failed::Together(error, stage)) => {
                for request in group {
                    request.answer(Err(stage.explain(&self.store, Arc::clone(&error))));
                }
            }
            Err(Failed::Apart(error)) if group.len() == 1 => {
                if let Some(request) = group.into_iter().next() {
                    request.answer(Err(error));
                }
            }
            Err(Failed::Apart(error)) => {
                tracing::debug!(%error, "a group of appends failed: trying each by itself");
                for request in group {
                    self.commit_group(connection, vec![request]);
                }
            }
        }
    }

    fn count(&self, answers: &[Result<Appended, StoreError>], pages: u64) {
        let written = answers.iter().filter(|answer| answer.is_ok()).count() as u64;
        self.appends.fetch_add(written, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(appends = written, "committed");
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.written(pages);
        }
    }

    fn occupied(&self) -> StoreError {
        StoreError::Unavailable {
            reason: format!(
                "another transaction of this process has kept {} locked for {:?}",
                self.store, self.patience
            ),
            source: None,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that waits again for other writers when this is dropped.
struct Patient<'c>(&'c Connection, Duration);

impl Drop for Patient<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.busy_timeout(self.1) {
            tracing::warn!(%error, "the writing connection does not wait any more");
        }
    }
}

impl Request {
    fn answer(self, answer: Result<Appended, StoreError>) {
        // A caller who has gone away does not want to know.
        let _ = self.reply.send(answer);
    }
}

/// Commits groups until the queue is empty. There is one at a time.
struct Leader {
    writer: Arc<Writer>,
    has_finished: bool,
}

impl Leader {
    fn lead(mut self, runtime: &Handle) {
        let writer = Arc::clone(&self.writer);
        while writer.has_requests() {
            // Locked for each group anew, so that a transaction gets its turn.
            let locked = writer.lock_here(runtime);
            let group = writer.next_group();
            if group.is_empty() {
                continue;
            }
            match locked {
                Ok(mut connection) => writer.lead_group(&mut connection, group),
                Err(_) => {
                    for request in group {
                        request.answer(Err(writer.occupied()));
                    }
                }
            }
        }
        self.has_finished = true;
    }
}

impl Drop for Leader {
    /// Ends a leadership that was cut short, so that the next append starts another leader.
    fn drop(&mut self) {
        // One that has found nothing more to do may already have a successor.
        if self.has_finished {
            return;
        }
        let left = {
            let mut queue = self.writer.queue();
            queue.has_leader = false;
            std::mem::take(&mut queue.requests)
        };
        for request in left {
            request.answer(Err(StoreError::Unavailable {
                reason: "the runtime that was to write is being shut down".to_owned(),
                source: None,
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::Synchronous;
    use super::*;

    #[tokio::test]
    async fn nobody_reads_a_group_that_was_cut_short() {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let file = folder.path().join("events.db");
        let options = SqliteOptions::new(&file).synchronous(Synchronous::Normal);
        let (writer, direct) = (options.writer(&file), options.direct_writer(&file));
        let connection = WriterConnection::open(writer, direct).await;
        let connection = connection.expect("the file can be made");
        let writer = Writer::new(connection, &options, &file, "test".into());
        let begin = |statement: &str| {
            let mut locked = writer.connection.try_lock().expect("nobody has it");
            let connection = locked.direct().expect("it can be opened");
            connection.execute_batch(statement).expect("it can be run");
        };
        let is_read = || writer.read_here(|_, _| Ok(())).is_some();
        assert!(!is_read(), "it is not open");
        begin("BEGIN IMMEDIATE");
        assert!(!is_read());
        begin("ROLLBACK");
        assert!(is_read());
    }
}
