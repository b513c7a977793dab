//! Who appends now, and who waits until a statement takes them along.
//!
//! A few appends have a turn at a time; those that come meanwhile wait. Whoever is done hands its
//! turn on: to the one who waits, or to a leader, a task that writes groups until nobody waits. It is
//! a task of its own so that a caller who gives up takes nobody else's append along.
//!
//! Nobody depends on others being quick: a turn that has lasted longer than [`PATIENCE`] is counted
//! no longer, whether a lock is in its way, the network, or a caller who has stopped polling; and
//! whoever waits looks for such turns itself.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rehydrate_port::{Appended, StoreError};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::append::Append;
use super::group::{self, Single};
use super::{Inner, PostgresStore};

/// So many statements with appends of one event are under way at most before others gather. The
/// server makes the commits of about as many wait for the disk together, so fewer would be slower.
const AT_ONCE: usize = 8;

/// So many connections are left for others, if there are more.
const SPARED: usize = 2;

/// How many appends one statement takes at most, so that the first of them does not wait long.
const LARGEST_GROUP: usize = 64;

/// How long a turn is waited for: as the lock_timeout in `append_group.sql`.
const PATIENCE: Duration = Duration::from_millis(20);

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
pub(super) struct Gathering {
    at_once: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The turns that count, the oldest first, with the times from which on they do.
    turns: VecDeque<(u64, Instant)>,
    last_turn: u64,
    waiting: VecDeque<Request>,
}

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
    drop(turn);
    appended
}

/// A turn, or what to wait for.
fn enter(
    store: &PostgresStore,
    append: impl FnOnce() -> Single,
) -> Result<Turn, oneshot::Receiver<Reply>> {
    let gathering = &store.0.gathering;
    let free = gathering.state().free_turn(gathering.at_once);
    if let Some(number) = free {
        return Ok(Turn::new(&store.0, number));
    }
    let append = append();
    let mut state = gathering.state();
    if let Some(number) = state.free_turn(gathering.at_once) {
        return Ok(Turn::new(&store.0, number));
    }
    let (reply, receiver) = oneshot::channel();
    state.waiting.push_back(Request { append, reply });
    Err(receiver)
}

/// Waits for a reply, and sees to it that those who wait get on.
async fn replied(
    store: &PostgresStore,
    reply: &mut oneshot::Receiver<Reply>,
) -> Result<Reply, oneshot::error::RecvError> {
    loop {
        if let Ok(reply) = timeout(PATIENCE, &mut *reply).await {
            return reply;
        }
        hand_on(&store.0, true);
    }
}

/// Gives a turn, if there is one, to those who wait, if there are any.
fn hand_on(store: &Arc<Inner>, may_lead: bool) {
    let gathering = &store.gathering;
    let mut state = gathering.state();
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
    let Some(number) = state.free_turn(gathering.at_once) else {
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
        Self {
            at_once: connections.saturating_sub(SPARED).clamp(1, AT_ONCE),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A turn, if fewer than `at_once` count.
    fn free_turn(&mut self, at_once: usize) -> Option<u64> {
        while let Some((_, since)) = self.turns.front()
            && since.elapsed() > PATIENCE
        {
            self.turns.pop_front();
        }
        (self.turns.len() < at_once).then(|| {
            self.last_turn += 1;
            self.turns.push_back((self.last_turn, Instant::now()));
            self.last_turn
        })
    }

    fn end(&mut self, number: u64) {
        self.turns.retain(|(other, _)| *other != number);
    }

    /// Those whose caller still waits, in the order of their streams, so that two groups never wait
    /// for each other; and those whose stream or event is in the group already.
    fn next_group(&mut self) -> (Vec<Request>, Vec<Request>) {
        let (mut group, mut apart): (Vec<Request>, Vec<Request>) = Default::default();
        while group.len() < LARGEST_GROUP
            && let Some(request) = self.waiting.pop_front()
        {
            let is_like = |other: &Request| {
                other.append.stream == request.append.stream || other.append.id == request.append.id
            };
            if request.reply.is_closed() {
                continue;
            }
            if group.iter().any(is_like) {
                apart.push(request);
            } else {
                group.push(request);
            }
        }
        group.sort_by(|one, other| one.append.stream.cmp(&other.append.stream));
        (group, apart)
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

    /// Writes groups until nobody waits.
    async fn lead(mut self) {
        while let Some(group) = self.next_group() {
            group::write(&PostgresStore(Arc::clone(&self.store)), group).await;
        }
        self.is_leader = false;
    }

    /// The next group, for which the turn counts anew; none if nobody waits.
    fn next_group(&self) -> Option<Vec<Request>> {
        let mut state = self.store.gathering.state();
        let (group, apart) = state.next_group();
        state.end(self.number);
        if !group.is_empty() {
            state.turns.push_back((self.number, Instant::now()));
        }
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
