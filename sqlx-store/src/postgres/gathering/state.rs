//! Whose turn it is.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Request;

/// So many statements with appends of one event are under way at most.
const AT_ONCE: usize = 8;

/// So many connections are left for others, if there are more.
const SPARED: usize = 2;

/// From so many callers on, they gather for one statement at a time if the server is near; fewer get
/// more done with a statement each.
const MANY: usize = 7;

/// Where a statement takes longer, apart from its events, that is because of the network or the disk
/// and not of the processor, and statements that wait for it at the same time get more done.
pub(super) const QUICK: Duration = Duration::from_millis(1);

/// About what an event adds to that.
const EACH: Duration = Duration::from_micros(15);

/// The quickest of so many statements tells how near the server is.
const REMEMBERED: usize = 8;

/// How many appends one statement takes at most, so that the first of them does not wait long.
const LARGEST_GROUP: usize = 64;

/// How long a turn is waited for: as the lock_timeout in `append_group.sql`.
pub(super) const PATIENCE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct State {
    at_once: usize,
    /// The turns that count, the oldest first.
    turns: VecDeque<Running>,
    last_turn: u64,
    pub(super) waiting: VecDeque<Request>,
    /// How long the last turns took, apart from their events.
    taken: VecDeque<Duration>,
}

/// What a turn is used for.
#[derive(Debug)]
struct Running {
    turn: u64,
    /// From when on it counts.
    since: Instant,
    appends: usize,
}

impl Running {
    /// How long it has taken so far, apart from its events.
    fn taken(&self) -> Duration {
        let events = u32::try_from(self.appends).unwrap_or(u32::MAX);
        let events = EACH.saturating_mul(events);
        self.since.elapsed().saturating_sub(events)
    }
}

impl State {
    pub(super) fn new(connections: usize) -> Self {
        Self {
            at_once: connections.saturating_sub(SPARED).clamp(1, AT_ONCE),
            turns: VecDeque::new(),
            last_turn: 0,
            waiting: VecDeque::new(),
            taken: VecDeque::new(),
        }
    }

    /// A turn for one more caller, if there is one and nobody waits for it.
    pub(super) fn turn_of_one(&mut self) -> Option<u64> {
        let is_first = self.waiting.is_empty();
        (is_first && self.is_free(1)).then(|| self.new_turn())
    }

    /// A turn for those who wait, if there is one.
    pub(super) fn turn_of_waiting(&mut self) -> Option<u64> {
        self.is_free(0).then(|| self.new_turn())
    }

    /// Whether a turn is left, when so many more callers come.
    fn is_free(&mut self, coming: usize) -> bool {
        while let Some(oldest) = self.turns.pop_front_if(|it| it.since.elapsed() > PATIENCE) {
            self.remember(oldest.taken());
        }
        let is_near = self.taken.iter().any(|taken| *taken < QUICK);
        let gather = is_near && self.callers() + coming >= MANY;
        let is_under_way = |running: &Running| running.taken() < QUICK;
        self.turns.len() < self.at_once && !(gather && self.turns.iter().any(is_under_way))
    }

    /// Everybody whose append is under way, or waits, or has just been written by a leader who still
    /// expects its caller back.
    fn callers(&self) -> usize {
        let under_way: usize = self.turns.iter().map(|running| running.appends).sum();
        under_way + self.waiting.len()
    }

    fn new_turn(&mut self) -> u64 {
        self.last_turn += 1;
        self.begin(self.last_turn, 1);
        self.last_turn
    }

    fn begin(&mut self, turn: u64, appends: usize) {
        self.turns.push_back(Running {
            turn,
            since: Instant::now(),
            appends,
        });
    }

    /// Remembers how long it took to write what the turn was for.
    pub(super) fn written(&mut self, turn: u64) {
        let running = self.turns.iter().find(|running| running.turn == turn);
        if let Some(taken) = running.map(Running::taken) {
            self.remember(taken);
        }
    }

    fn remember(&mut self, taken: Duration) {
        self.taken.truncate(REMEMBERED - 1);
        self.taken.push_front(taken);
    }

    pub(super) fn end(&mut self, turn: u64) {
        self.turns.retain(|running| running.turn != turn);
    }

    /// What a leader is to write next, for which its turn counts anew, and those who cannot be among
    /// them; nothing if nobody waits, or if others have the turns there are.
    pub(super) fn next_group(&mut self, turn: u64) -> (Vec<Request>, Vec<Request>) {
        self.end(turn);
        if !self.is_free(0) {
            return Default::default();
        }
        let (group, apart) = self.group();
        if !group.is_empty() {
            self.begin(turn, group.len());
        }
        (group, apart)
    }

    /// Those whose caller still waits, in the order of their streams, so that two groups never wait
    /// for each other; and those whose stream or event is in the group already.
    fn group(&mut self) -> (Vec<Request>, Vec<Request>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: Duration = Duration::from_millis(3);
    const NEAR: Duration = Duration::from_micros(300);

    fn state(taken: Duration) -> State {
        let mut state = State::new(20);
        state.remember(taken);
        state
    }

    fn turns(state: &mut State, callers: usize) -> Vec<u64> {
        (0..callers).filter_map(|_| state.turn_of_one()).collect()
    }

    /// A leader's turn with so many appends, which has begun so long ago.
    fn lead(state: &mut State, appends: usize, ago: Duration) {
        state.begin(100, appends);
        let running = state.turns.back_mut().unwrap();
        running.since = running.since.checked_sub(ago).unwrap();
    }

    #[test]
    fn a_few_callers_have_a_turn_each() {
        assert_eq!(turns(&mut state(NEAR), MANY - 1).len(), MANY - 1);
        assert_eq!(turns(&mut State::new(20), 30).len(), AT_ONCE);
        assert_eq!(turns(&mut State::new(5), 30).len(), 3);
        assert_eq!(turns(&mut State::new(1), 30).len(), 1);
    }

    #[test]
    fn many_callers_have_one_turn_where_the_server_is_near() {
        assert_eq!(turns(&mut state(NEAR), 30).len(), MANY - 1);
        assert_eq!(turns(&mut state(FAR), 30).len(), AT_ONCE);
        let mut led = state(NEAR);
        lead(&mut led, MANY, Duration::ZERO);
        assert_eq!(turns(&mut led, 30).len(), 0, "the leader takes them along");
        led.end(100);
        assert!(led.turn_of_waiting().is_some());
    }

    #[test]
    fn a_statement_that_is_not_quick_is_not_waited_for() {
        let mut led = state(NEAR);
        lead(&mut led, MANY, QUICK * 2);
        assert_eq!(turns(&mut led, 2).len(), 1, "as if it were not there");
        let mut large = state(NEAR);
        lead(&mut large, LARGEST_GROUP, QUICK);
        assert_eq!(turns(&mut large, 1).len(), 0, "it has many events");
    }

    #[test]
    fn a_turn_that_lasts_does_not_count_and_tells_how_far_the_server_is() {
        let mut state = state(NEAR);
        for _ in 0..REMEMBERED {
            lead(&mut state, MANY, PATIENCE * 2);
        }
        assert_eq!(turns(&mut state, 30).len(), AT_ONCE);
        assert!(state.taken.iter().all(|taken| *taken > QUICK));
    }

    #[test]
    fn a_leader_ends_where_another_one_leads() {
        let mut state = state(NEAR);
        let first = state.turn_of_waiting().unwrap();
        lead(&mut state, MANY, Duration::ZERO);
        let (group, apart) = state.next_group(first);
        assert!(group.is_empty() && apart.is_empty());
        assert_eq!(state.turns.len(), 1);
    }
}
