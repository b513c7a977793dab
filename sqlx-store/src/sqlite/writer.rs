//! Appends by many callers, committed together.
//!
//! A commit waits for the disk. While one group of appends waits, the next one gathers in a queue,
//! and one task, the leader, commits it as a whole: so the number of appends in a second is not
//! bound to what the disk can do. The leader is a task of its own, so that a caller who gives up
//! takes nobody else's append along.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rehydrate::{Appended, StoreError};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedMutexGuard, oneshot};
use tracing::Instrument as _;

use super::SqliteStats;
use super::append::{Append, is_refusal};
use super::connection::WriterConnection;
use super::error::{Meaning, Shared, explain, explain_commit, meaning};

/// How many appends one commit takes at most, so that the first of them does not wait long.
const LARGEST_GROUP: usize = 256;

#[derive(Debug)]
pub(super) struct Writer {
    connection: Arc<tokio::sync::Mutex<WriterConnection>>,
    queue: Mutex<Queue>,
    patience: Duration,
    store: Arc<str>,
    appends: AtomicU64,
    commits: AtomicU64,
    news: Notify,
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

/// How a group came to nothing.
enum Failed {
    /// Before its first request or with its commit, so for the same reason for all of them.
    Together(Shared, Stage),
    /// For a reason that is one request's own, or that a smaller group may not meet.
    Apart(StoreError),
}

#[derive(Clone, Copy)]
enum Stage {
    Begin,
    Commit,
}

impl Writer {
    pub(super) fn new(connection: WriterConnection, patience: Duration, store: Arc<str>) -> Self {
        Self {
            connection: Arc::new(tokio::sync::Mutex::new(connection)),
            queue: Mutex::default(),
            patience,
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

    /// Appends in the next group.
    pub(super) async fn append(self: &Arc<Self>, append: Append) -> Result<Appended, StoreError> {
        let (reply, answer) = oneshot::channel();
        if self.enqueue(Request { append, reply }) {
            let leader = Leader {
                writer: Arc::clone(self),
                has_finished: false,
            };
            tokio::spawn(leader.lead());
        }
        answer.await.unwrap_or_else(|gone| {
            // Its runtime has been shut down around it.
            Err(StoreError::OutcomeUnknown {
                source: gone.into(),
            })
        })
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

    async fn commit_group(&self, connection: &mut WriterConnection, group: Vec<Request>) {
        match self.try_group(connection, &group).await {
            Ok(answers) => {
                for (request, answer) in group.into_iter().zip(answers) {
                    request.answer(answer);
                }
            }
            Err(Failed::Together(error, stage)) => {
                for request in group {
                    request.answer(Err(self.explain(stage, Arc::clone(&error))));
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
                    Box::pin(self.commit_group(connection, vec![request])).await;
                }
            }
        }
    }

    /// One transaction; nothing is left of it unless this is Ok.
    async fn try_group(
        &self,
        connection: &mut WriterConnection,
        group: &[Request],
    ) -> Result<Vec<Result<Appended, StoreError>>, Failed> {
        connection
            .begin()
            .await
            .map_err(|error| Failed::Together(error.into(), Stage::Begin))?;
        let mut answers = Vec::with_capacity(group.len());
        for request in group {
            let answer = request.append.run(connection.sql(), &self.store).await;
            match answer {
                Err(error) if !is_refusal(&error) => {
                    connection.roll_back().await;
                    return Err(Failed::Apart(error));
                }
                answer => answers.push(answer),
            }
        }
        if let Err(error) = connection.commit().await {
            connection.roll_back().await;
            return Err(if meaning(&error) == Meaning::Full {
                Failed::Apart(self.explain(Stage::Commit, error.into()))
            } else {
                Failed::Together(error.into(), Stage::Commit)
            });
        }
        self.count(&answers);
        self.tell_news();
        Ok(answers)
    }

    fn count(&self, answers: &[Result<Appended, StoreError>]) {
        let written = answers.iter().filter(|answer| answer.is_ok()).count() as u64;
        self.appends.fetch_add(written, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        tracing::debug!(appends = written, "committed");
    }

    fn explain(&self, stage: Stage, error: Shared) -> StoreError {
        match stage {
            Stage::Begin => explain(&self.store, "begin a transaction", error),
            Stage::Commit => explain_commit(&self.store, error),
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
    async fn lead(mut self) {
        let writer = Arc::clone(&self.writer);
        while writer.has_requests() {
            // Locked for each group anew, so that a transaction gets its turn.
            let locked = writer.lock().await;
            let group = writer.next_group();
            match locked {
                Ok(mut connection) if !group.is_empty() => {
                    let events: usize = group.iter().map(|request| request.append.events()).sum();
                    let span = tracing::debug_span!("commit", appends = group.len(), events);
                    writer
                        .commit_group(&mut connection, group)
                        .instrument(span)
                        .await;
                }
                Ok(_) => {}
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
