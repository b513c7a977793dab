//! What leaves a client in one request.
//!
//! When a broker refuses a request, the next one of the partition may be on its way out of the
//! client already, and librdkafka sends it all the same. A broker that has nothing of this producer
//! yet takes it, too, whatever its sequence number. So two messages of a key are unconfirmed together
//! only if they are in the same request: taken or refused as one.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::options::KafkaOptions;

/// How long a request is gathered, in milliseconds, unless that is set.
pub(super) const LINGER: &str = "5";

/// When librdkafka sends a request though more may come.
#[derive(Clone, Copy, Debug)]
struct Limits {
    linger: Duration,
    messages: usize,
    bytes: usize,
}

impl Limits {
    fn of(options: &KafkaOptions) -> Self {
        // What cannot be read, librdkafka does not take either.
        let set = |name: &str| options.raw.get(name);
        let number = |name, usual| set(name).map_or(usual, |it| it.trim().parse().unwrap_or(0));
        let linger = set("linger.ms").or_else(|| set("queue.buffering.max.ms"));
        let linger = linger.map_or(LINGER, |it| it.trim()).parse();
        let linger = Duration::try_from_secs_f64(linger.unwrap_or(0.0) / 1_000.0);
        let message = number("message.max.bytes", 1_000_000);
        Self {
            linger: linger.unwrap_or_default(),
            messages: number("batch.num.messages", 10_000),
            bytes: number("batch.size", 1_000_000).min(message),
        }
    }
}

/// What a producer has on its way, whoever has sent it.
#[derive(Debug)]
pub(super) struct Traffic {
    limits: Limits,
    on_the_way: Arc<AtomicUsize>,
    /// Topics of which something was confirmed: what goes to others may have to wait for their
    /// partitions to become known, and comes out of there one by one.
    warm: Mutex<HashSet<String>>,
    is_closed: Mutex<bool>,
}

/// A message on its way.
#[derive(Debug)]
pub(super) struct OnTheWay(Arc<AtomicUsize>);

impl Traffic {
    pub(super) fn new(options: &KafkaOptions) -> Self {
        Self {
            limits: Limits::of(options),
            on_the_way: Arc::default(),
            warm: Mutex::default(),
            is_closed: Mutex::default(),
        }
    }

    /// Whether what was there was given up: nothing is handed over any more, and nobody gives up
    /// anything while something is.
    pub(super) fn is_closed(&self) -> MutexGuard<'_, bool> {
        self.is_closed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn join(&self) -> OnTheWay {
        self.on_the_way.fetch_add(1, Ordering::SeqCst);
        OnTheWay(Arc::clone(&self.on_the_way))
    }

    pub(super) fn warm(&self, topic: &str) {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        if !warm.contains(topic) {
            warm.insert(topic.to_owned());
        }
    }

    fn is_warm(&self, topic: &str) -> bool {
        let warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        warm.contains(topic)
    }
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Messages that leave together, as far as they go to the same partition: the first of them found
/// the producer empty, and no limit was reached since.
#[derive(Debug)]
pub(super) struct Gathering {
    until: Instant,
    messages: usize,
    bytes: usize,
}

impl Gathering {
    /// Begins if nothing is on its way.
    pub(super) fn begin(traffic: &Traffic) -> Option<Self> {
        let limits = traffic.limits;
        let is_empty = traffic.on_the_way.load(Ordering::SeqCst) == 0;
        is_empty.then(|| Self {
            // The other half is for a thread that is held up.
            until: Instant::now() + limits.linger / 2,
            messages: limits.messages,
            bytes: limits.bytes,
        })
    }

    /// Whether another message to a topic, so large, is in the same request as what is there.
    pub(super) fn has_room(&self, traffic: &Traffic, topic: &str, size: usize) -> bool {
        self.messages > 0
            && self.bytes >= size
            && Instant::now() < self.until
            && traffic.is_warm(topic)
    }

    /// Counts a message that was handed over.
    pub(super) fn count(&mut self, size: usize) {
        self.messages = self.messages.saturating_sub(1);
        match self.bytes.checked_sub(size) {
            Some(left) => self.bytes = left,
            // It begins a request of its own.
            None => self.messages = 0,
        }
    }
}
