//! Appends by many callers, written by one statement.
//!
//! A statement costs the server as much as the event that it writes. So when a few appends are under
//! way, those that come gather, and whoever is done first lets one statement write them all. It is
//! all or nothing for the database only: an append whose stream has moved, or that cannot be written
//! together with others for whatever reason, is not in what came back, and its caller does it alone.
//!
//! A caller who is alone notices nothing of this. Who leads a group is a task of its own, so that a
//! caller who gives up takes nobody else's append along.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rehydrate_port::{Appended, StoreError, StreamId};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;
use uuid::Uuid;

use super::append::{Append, written};
use super::error::{Meaning, meaning};
use super::statements::Statements;
use super::{Inner, PostgresStore};
use crate::dialect::rows::Fault;

/// So many statements with appends of one event are under way at most before others gather. The
/// server makes the commits of about as many wait for the disk together, so fewer would be slower.
const AT_ONCE: usize = 8;

/// So many connections are left for others, if there are more.
const SPARED: usize = 2;

/// As long as a statement may be in the way of those who wait: as the lock_timeout of a group.
const PATIENCE: Duration = Duration::from_millis(20);

/// How many appends one statement takes at most, so that the first of them does not wait long.
const LARGEST_GROUP: usize = 64;

/// A longer event goes alone, so that nobody waits for it.
const LONGEST_TEXT: usize = 16 * 1024;

/// An append of one event to a version that is known.
#[derive(Debug)]
pub(super) struct Single {
    pub(super) stream: StreamId,
    pub(super) expected: i64,
    pub(super) time: DateTime<Utc>,
    pub(super) metadata: Option<String>,
    pub(super) id: Uuid,
    pub(super) event_type: String,
    pub(super) schema_version: i64,
    pub(super) payload: String,
}

/// What became of an append that was handed over.
#[derive(Debug)]
enum Reply {
    Written(Appended),
    /// It is not written: its caller is to do it, and holds everybody else up with it no longer.
    Alone(Option<Turn>),
    Failed(StoreError),
}

/// What a caller is to do with an append.
#[derive(Debug)]
enum Entry {
    /// To do it now.
    Turn(Turn),
    /// To wait; what becomes of it if nobody replies is unknown.
    Wait(oneshot::Receiver<Reply>),
}

/// Those who wait until a statement takes them along.
#[derive(Debug)]
pub(super) struct Gathering {
    at_once: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    under_way: usize,
    waiting: VecDeque<Request>,
}

#[derive(Debug)]
struct Request {
    append: Single,
    reply: oneshot::Sender<Reply>,
}

/// The right to have one statement under way. Whoever gives it back hands it on to those who wait.
struct Turn {
    store: Arc<Inner>,
    is_leader: bool,
    is_over: bool,
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").finish_non_exhaustive()
    }
}

/// Appends, unless so many do that it is better to join those who wait.
pub(super) async fn append_or_join(
    store: &PostgresStore,
    append: &Append<'_>,
    single: impl FnOnce() -> Single,
) -> Result<Appended, StoreError> {
    let turn = match Gathering::enter(store, single) {
        Entry::Turn(turn) => Some(turn),
        Entry::Wait(reply) => match reply.await {
            Ok(Reply::Written(appended)) => return Ok(appended),
            Ok(Reply::Failed(error)) => return Err(error),
            Ok(Reply::Alone(turn)) => turn,
            Err(gone) => {
                return Err(StoreError::OutcomeUnknown {
                    source: gone.into(),
                });
            }
        },
    };
    let mut now = pin!(store.append_now(append));
    // What is in its way is in the way of nobody else.
    if let Ok(appended) = timeout(PATIENCE, &mut now).await {
        return appended;
    }
    drop(turn);
    now.await
}

impl Single {
    /// Whether it may be written together with others.
    pub(super) fn is_short(payload: &str, metadata: Option<&str>) -> bool {
        payload.len() + metadata.map_or(0, str::len) <= LONGEST_TEXT
    }
}

impl Gathering {
    pub(super) fn new(connections: usize) -> Self {
        Self {
            at_once: connections.saturating_sub(SPARED).clamp(1, AT_ONCE),
            state: Mutex::default(),
        }
    }

    /// Begins an append, or joins those who wait; `append` is asked for in that case only.
    fn enter(store: &PostgresStore, append: impl FnOnce() -> Single) -> Entry {
        let gathering = &store.0.gathering;
        {
            let mut state = gathering.state();
            if state.under_way < gathering.at_once {
                state.under_way += 1;
                return Entry::Turn(Turn::new(Arc::clone(&store.0), false));
            }
        }
        let (reply, receiver) = oneshot::channel();
        let append = append();
        let mut state = gathering.state();
        if state.under_way < gathering.at_once {
            state.under_way += 1;
            return Entry::Turn(Turn::new(Arc::clone(&store.0), false));
        }
        state.waiting.push_back(Request { append, reply });
        Entry::Wait(receiver)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Those whose caller still waits, no two of one stream; empty if nobody does.
    fn next_group(&mut self) -> Vec<Request> {
        let mut group: Vec<Request> = Vec::new();
        let mut later = VecDeque::new();
        while group.len() < LARGEST_GROUP
            && let Some(request) = self.waiting.pop_front()
        {
            let is_apart = group.iter().any(|other| {
                other.append.stream == request.append.stream || other.append.id == request.append.id
            });
            if is_apart {
                later.push_back(request);
            } else if !request.reply.is_closed() {
                group.push(request);
            }
        }
        later.append(&mut self.waiting);
        self.waiting = later;
        group
    }
}

impl Turn {
    fn new(store: Arc<Inner>, is_leader: bool) -> Self {
        Self {
            store,
            is_leader,
            is_over: false,
        }
    }

    /// Writes groups until nobody waits.
    async fn lead(mut self) {
        while let Some(group) = self.next_group() {
            write(&PostgresStore(Arc::clone(&self.store)), group).await;
        }
    }

    /// The next group; if there is none, the turn is over.
    fn next_group(&mut self) -> Option<Vec<Request>> {
        let mut state = self.store.gathering.state();
        let group = state.next_group();
        if group.is_empty() {
            state.under_way -= 1;
            self.is_over = true;
            return None;
        }
        Some(group)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut state = self.store.gathering.state();
        let is_one = state.waiting.len() == 1;
        // A leader that was cut short has no runtime any more that could have another one.
        let runtime = (!is_one && !self.is_leader).then(Handle::try_current);
        if state.waiting.is_empty() {
            state.under_way -= 1;
        } else if is_one && let Some(request) = state.waiting.pop_front() {
            drop(state);
            let turn = Self::new(Arc::clone(&self.store), false);
            // If the caller has gone away, the turn comes back, and is dropped.
            let _ = request.reply.send(Reply::Alone(Some(turn)));
        } else if let Some(Ok(runtime)) = runtime {
            drop(state);
            let leader = Self::new(Arc::clone(&self.store), true);
            runtime.spawn(leader.lead());
        } else {
            state.under_way -= 1;
            let left = std::mem::take(&mut state.waiting);
            drop(state);
            for request in left {
                request.answer(Reply::Alone(None));
            }
        }
    }
}

impl Request {
    fn answer(self, reply: Reply) {
        // A caller who has gone away does not want to know.
        let _ = self.reply.send(reply);
    }
}

/// Writes what can be written together, and answers everybody.
async fn write(store: &PostgresStore, group: Vec<Request>) {
    let mut session = match store.session().await {
        Ok(session) => session,
        Err(error) => return refuse(group, error),
    };
    let outcome = run(session.sql(), store.statements(), &group).await;
    let outcome = match outcome {
        Ok(rows) => session.close().await.map(|()| rows),
        Err(error) => {
            if !meaning(&error).is_of_the_connection() {
                session.abandon().await;
            }
            Err(error)
        }
    };
    match outcome {
        Ok(mut rows) => {
            store.news().spread();
            tracing::debug!(appends = rows.len(), of = group.len(), "appended together");
            for request in group {
                let row = rows.iter().position(|(id, _)| *id == request.append.id);
                let row = row.map(|row| rows.swap_remove(row).1);
                let stream = &request.append.stream;
                let reply = match row.map(|row| row.map_err(|fault| fault.explain(stream))) {
                    None => Reply::Alone(None),
                    Some(Ok(appended)) => Reply::Written(appended),
                    Some(Err(error)) => Reply::Failed(error),
                };
                request.answer(reply);
            }
        }
        Err(error) => fail(store, group, error),
    }
}

type Written = (Uuid, Result<Appended, Fault>);

async fn run(
    connection: &mut PgConnection,
    statements: &Statements,
    group: &[Request],
) -> Result<Vec<Written>, sqlx::Error> {
    let of = || group.iter().map(|request| &request.append);
    let rows = statements
        .append_group()
        .bind(of().map(|it| it.stream.category()).collect::<Vec<_>>())
        .bind(of().map(|it| it.stream.id()).collect::<Vec<_>>())
        .bind(of().map(|it| it.expected).collect::<Vec<_>>())
        .bind(of().map(|it| it.time).collect::<Vec<_>>())
        .bind(of().map(|it| it.metadata.as_deref()).collect::<Vec<_>>())
        .bind(of().map(|it| it.id).collect::<Vec<_>>())
        .bind(of().map(|it| it.event_type.as_str()).collect::<Vec<_>>())
        .bind(of().map(|it| it.schema_version).collect::<Vec<_>>())
        .bind(of().map(|it| it.payload.as_str()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let read = |row: &PgRow| Ok((row.try_get(0)?, written(row, 1)?));
    rows.iter().map(read).collect()
}

/// What came of a statement that has failed, for each who was in it: nothing, unless nobody knows.
fn fail(store: &PostgresStore, group: Vec<Request>, error: sqlx::Error) {
    let what = meaning(&error);
    if what.is_of_the_connection() {
        store.pool().forget_idle();
    }
    tracing::debug!(%error, "appends could not be written together");
    let error = Arc::new(error);
    for request in group {
        request.answer(if what == Meaning::Cut {
            Reply::Failed(StoreError::OutcomeUnknown {
                source: Arc::clone(&error).into(),
            })
        } else {
            Reply::Alone(None)
        });
    }
}

/// There was no connection. Nobody waits for one a second time.
fn refuse(group: Vec<Request>, error: StoreError) {
    let StoreError::Unavailable { reason, .. } = error else {
        for request in group {
            request.answer(Reply::Alone(None));
        }
        return;
    };
    for request in group {
        request.answer(Reply::Failed(StoreError::Unavailable {
            reason: reason.clone(),
            source: None,
        }));
    }
}
