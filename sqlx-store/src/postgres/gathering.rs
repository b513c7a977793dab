//! Who appends now, and who waits until a statement takes them along.
//!
//! A few appends have a turn at a time; those that come meanwhile wait. When many callers append to a
//! server that is near, only one statement is under way at a time and everybody else waits for the
//! next: what it takes of the processor is what they are short of. Whoever is done hands its turn on:
//! to the one who waits, or to a leader, a task that writes groups until nobody waits. It is a task of
//! its own so that a caller who gives up takes nobody else's append along.
//!
//! Nobody depends on others being quick: a turn that has lasted longer than [`PATIENCE`] is counted
//! no longer, whether a lock is in its way, the network, or a caller who has stopped polling; and
//! whoever waits looks for such turns itself.

mod state;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rehydrate_port::{Appended, StoreError};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use self::state::{PATIENCE, QUICK, State};
use super::append::Append;
use super::group::{self, Single};
use super::{Inner, PostgresStore};

/// What became of an append that was handed over.
#[derive(Debug)]
pub(super) enum Reply {
    Written(Appended),
    /// It is not written: its caller is to do it.
    Alone(Option<Turn>),
    Failed(StoreError),
}

/// An append whose caller waits.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) append: Single,
    reply: oneshot::Sender<Reply>,
}

#[derive(Debug)]
pub(super) struct Gathering(Mutex<State>);

/// The right to have one statement under way. Whoever drops it hands it on to those who wait.
pub(super) struct Turn {
    store: Arc<Inner>,
    number: u64,
    is_leader: bool,
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Turn").field(&self.number).finish()
    }
}

/// Appends, unless so many do that it is better to wait until somebody takes it along.
pub(super) async fn append_or_join(
    store: &PostgresStore,
    append: &Append<'_>,
    single: impl FnOnce() -> Single,
) -> Result<Appended, StoreError> {
    let turn = match enter(store, single) {
        Ok(turn) => Some(turn),
        Err(mut reply) => match replied(store, &mut reply).await {
            Ok(Reply::Written(appended)) => return Ok(appended),
            Ok(Reply::Failed(error)) => return Err(error),
            Ok(Reply::Alone(turn)) => turn,
            // Whoever was to write it is gone, in the middle of it perhaps.
            Err(gone) => {
                return Err(StoreError::OutcomeUnknown {
                    source: gone.into(),
                });
            }
        },
    };
    let appended = store.append_now(append).await;
    if let Some(turn) = turn.filter(|_| appended.is_ok()) {
        turn.written();
    }
    appended
}

/// A turn, or what to wait for.
fn enter(
    store: &PostgresStore,
    append: impl FnOnce() -> Single,
) -> Result<Turn, oneshot::Receiver<Reply>> {
    let gathering = &store.0.gathering;
    let free = gathering.state().turn_of_one(Instant::now());
    if let Some(number) = free {
        return Ok(Turn::new(&store.0, number));
    }
    let append = append();
    let mut state = gathering.state();
    if let Some(number) = state.turn_of_one(Instant::now()) {
        return Ok(Turn::new(&store.0, number));
    }
    let (reply, receiver) = oneshot::channel();
    state.waiting.push_back(Request { append, reply });
    drop(state);
    hand_on(&store.0, true);
    Err(receiver)
}

/// Waits for a reply, and sees to it that those who wait get on.
async fn replied(
    store: &PostgresStore,
    reply: &mut oneshot::Receiver<Reply>,
) -> Result<Reply, oneshot::error::RecvError> {
    let mut patience = QUICK;
    loop {
        if let Ok(reply) = timeout(patience, &mut *reply).await {
            return reply;
        }
        patience = (patience * 2).min(PATIENCE);
        hand_on(&store.0, true);
    }
}

/// Gives a turn, if there is one, to those who wait, if there are any.
fn hand_on(store: &Arc<Inner>, may_lead: bool) {
    let mut state = store.gathering.state();
    if state.waiting.is_empty() {
        return;
    }
    let runtime = Handle::try_current().ok().filter(|_| may_lead);
    let Some(runtime) = runtime else {
        // Without a task of its own nobody can lead.
        let left = std::mem::take(&mut state.waiting);
        drop(state);
        return leave_alone(left);
    };
    let Some(number) = state.turn_of_waiting(Instant::now()) else {
        return;
    };
    let is_one = state.waiting.len() == 1;
    let only = state.waiting.pop_front_if(|_| is_one);
    // A turn that is dropped looks at the state.
    drop(state);
    let mut turn = Turn::new(store, number);
    if let Some(only) = only {
        // If the caller has gone away, the turn comes back, and is dropped.
        only.answer(Reply::Alone(Some(turn)));
    } else {
        // Before it runs for the first time, which it may never do.
        turn.is_leader = true;
        runtime.spawn(turn.lead());
    }
}

/// Leaves each append to its caller.
pub(super) fn leave_alone(requests: impl IntoIterator<Item = Request>) {
    for request in requests {
        request.answer(Reply::Alone(None));
    }
}

impl Gathering {
    pub(super) fn new(connections: usize) -> Self {
        Self(Mutex::new(State::new(connections)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    fn new(store: &Arc<Inner>, number: u64) -> Self {
        Self {
            store: Arc::clone(store),
            number,
            is_leader: false,
        }
    }

    /// What it was for is written.
    fn written(&self) {
        self.store
            .gathering
            .state()
            .written(self.number, Instant::now());
    }

    /// Writes groups until nobody waits.
    async fn lead(mut self) {
        while let Some(group) = self.next_group() {
            let appends = group.len();
            if group::write(&PostgresStore(Arc::clone(&self.store)), group).await {
                self.written();
            }
            self.await_return(appends).await;
        }
        self.is_leader = false;
    }

    /// Lets those who were just answered come back with what they append next, as long as more of
    /// them do: otherwise the first who is back has the next statement for itself.
    async fn await_return(&self, answered: usize) {
        let waiting = || self.store.gathering.state().waiting.len();
        let mut before = waiting();
        loop {
            tokio::task::yield_now().await;
            let now = waiting();
            if now == before || now >= answered {
                return;
            }
            before = now;
        }
    }

    /// The next group, if there is one and no other leader for it.
    fn next_group(&self) -> Option<Vec<Request>> {
        let mut state = self.store.gathering.state();
        let (group, apart) = state.next_group(self.number, Instant::now());
        drop(state);
        leave_alone(apart);
        (!group.is_empty()).then_some(group)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.store.gathering.state().end(self.number);
        // A leader that was cut short has no runtime any more that could have another one.
        hand_on(&self.store, !self.is_leader);
    }
}

impl Request {
    pub(super) fn answer(self, reply: Reply) {
        // A caller who has gone away does not want to know.
        let _ = self.reply.send(reply);
    }
}
