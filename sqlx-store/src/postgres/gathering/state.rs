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
    fn taken(&self, now: Instant) -> Duration {
        let events = u32::try_from(self.appends).unwrap_or(u32::MAX);
        let events = EACH.saturating_mul(events);
        self.lasts(now).saturating_sub(events)
    }

    fn lasts(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
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
    pub(super) fn turn_of_one(&mut self, now: Instant) -> Option<u64> {
        let is_first = self.waiting.is_empty();
        (is_first && self.is_free(1, now)).then(|| self.new_turn(now))
    }

    /// A turn for those who wait, if there is one.
    pub(super) fn turn_of_waiting(&mut self, now: Instant) -> Option<u64> {
        self.is_free(0, now).then(|| self.new_turn(now))
    }

    /// Whether a turn is left, when so many more callers come.
    fn is_free(&mut self, coming: usize, now: Instant) -> bool {
        while let Some(oldest) = self.turns.pop_front_if(|it| it.lasts(now) > PATIENCE) {
            self.remember(oldest.taken(now));
        }
        let is_near = self.taken.iter().any(|taken| *taken < QUICK);
        let gather = is_near && self.callers() + coming >= MANY;
        let is_under_way = |running: &Running| running.taken(now) < QUICK;
        self.turns.len() < self.at_once && !(gather && self.turns.iter().any(is_under_way))
    }

    /// Everybody whose append is under way, or waits, or has just been written by a leader who still
    /// expects its caller back.
    fn callers(&self) -> usize {
        let under_way: usize = self.turns.iter().map(|running| running.appends).sum();
        under_way + self.waiting.len()
    }

    fn new_turn(&mut self, now: Instant) -> u64 {
        self.last_turn += 1;
        self.begin(self.last_turn, 1, now);
        self.last_turn
    }

    fn begin(&mut self, turn: u64, appends: usize, since: Instant) {
        self.turns.push_back(Running {
            turn,
            since,
            appends,
        });
    }

    /// Remembers how long it took to write what the turn was for.
    pub(super) fn written(&mut self, turn: u64, now: Instant) {
        let running = self.turns.iter().find(|running| running.turn == turn);
        if let Some(taken) = running.map(|running| running.taken(now)) {
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
    pub(super) fn next_group(&mut self, turn: u64, now: Instant) -> (Vec<Request>, Vec<Request>) {
        self.end(turn);
        if !self.is_free(0, now) {
            return Default::default();
        }
        let (group, apart) = self.group();
        if !group.is_empty() {
            self.begin(turn, group.len(), now);
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
    const LEADER: u64 = 100;

    fn state(taken: Duration) -> State {
        let mut state = State::new(20);
        state.remember(taken);
        state
    }

    /// How many of so many callers have a turn.
    fn turns(state: &mut State, callers: usize, now: Instant) -> usize {
        let turns = (0..callers).filter_map(|_| state.turn_of_one(now));
        turns.count()
    }

    #[test]
    fn a_few_callers_have_a_turn_each() {
        let now = Instant::now();
        assert_eq!(turns(&mut state(NEAR), MANY - 1, now), MANY - 1);
        assert_eq!(turns(&mut State::new(20), 30, now), AT_ONCE);
        assert_eq!(turns(&mut State::new(5), 30, now), 3);
        assert_eq!(turns(&mut State::new(1), 30, now), 1);
    }

    #[test]
    fn many_callers_have_one_turn_where_the_server_is_near() {
        let now = Instant::now();
        assert_eq!(turns(&mut state(NEAR), 30, now), MANY - 1);
        assert_eq!(turns(&mut state(FAR), 30, now), AT_ONCE);
        let mut led = state(NEAR);
        led.begin(LEADER, MANY, now);
        assert_eq!(turns(&mut led, 30, now), 0, "the leader takes them along");
        led.end(LEADER);
        assert!(led.turn_of_waiting(now).is_some());
    }

    #[test]
    fn a_statement_that_is_not_quick_is_not_waited_for() {
        let begun = Instant::now();
        for appends in [MANY, LARGEST_GROUP] {
            let mut led = state(NEAR);
            led.begin(LEADER, appends, begun);
            let quick = QUICK + EACH * u32::try_from(appends).unwrap();
            assert_eq!(turns(&mut led, 2, begun + quick / 2), 0);
            assert_eq!(turns(&mut led, 2, begun + quick), 1, "the next one");
        }
    }

    #[test]
    fn a_turn_that_lasts_does_not_count_and_tells_how_far_the_server_is() {
        let begun = Instant::now();
        let mut state = state(NEAR);
        for leader in (LEADER..).take(REMEMBERED) {
            state.begin(leader, MANY, begun);
        }
        assert_eq!(turns(&mut state, 30, begun + PATIENCE * 2), AT_ONCE);
        assert!(state.taken.iter().all(|taken| *taken > QUICK));
    }

    #[test]
    fn how_far_the_server_is_is_forgotten_after_a_few_statements() {
        let now = Instant::now();
        let mut state = state(NEAR);
        for turn in (LEADER..).take(REMEMBERED) {
            state.begin(turn, 1, now);
            state.written(turn, now + FAR);
            state.end(turn);
        }
        assert_eq!(turns(&mut state, 30, now), AT_ONCE);
    }

    #[test]
    fn a_leader_ends_where_another_one_leads() {
        let now = Instant::now();
        let mut state = state(NEAR);
        let first = state.turn_of_waiting(now).unwrap();
        state.begin(LEADER, MANY, now);
        let (group, apart) = state.next_group(first, now);
        assert!(group.is_empty() && apart.is_empty());
        assert_eq!(state.turns.len(), 1);
    }
}
