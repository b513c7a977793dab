//! How a command that lost a race is tried again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use rehydrate_port::StreamId;
use tokio::sync::{Mutex, MutexGuard};

/// How often, and after which pauses, a command that met a conflict is tried again.
///
/// The second attempt is made at once, but one by one for all commands of the program on that
/// stream. The pause before attempt n from the third on is a random part of `base` × 2ⁿ⁻², at most
/// `longest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many attempts there are in all; at least one is made.
    pub attempts: u32,
    /// Half of the longest pause before the third attempt.
    pub base: Duration,
    /// The longest pause before any attempt.
    pub longest: Duration,
}

impl Default for Retry {
    /// 12 attempts, pauses of up to 2 ms at first and up to 250 ms at last.
    fn default() -> Self {
        Self {
            attempts: 12,
            base: Duration::from_millis(2),
            longest: Duration::from_millis(250),
        }
    }
}

impl Retry {
    /// One attempt only.
    #[must_use]
    pub fn never() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    pub(crate) fn allows_another_after(self, attempts: u32) -> bool {
        attempts < self.attempts
    }

    pub(crate) async fn pause_after(self, attempts: u32) {
        let doublings = attempts.saturating_sub(1).min(20);
        let ceiling = self.base.saturating_mul(1 << doublings).min(self.longest);
        tokio::time::sleep(ceiling.mul_f64(fastrand::f64())).await;
    }
}

/// Lets the commands of one program that have met a conflict try again one by one, stream by stream.
///
/// Without it they would only meet each other again. Streams share a few locks by their hash: two
/// streams with one lock cost each other time, never correctness.
#[derive(Debug)]
pub(crate) struct Queue {
    locks: [Mutex<()>; 64],
    hasher: RandomState,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self {
            locks: std::array::from_fn(|_| Mutex::new(())),
            hasher: RandomState::new(),
        }
    }

    pub(crate) async fn turn(&self, stream: &StreamId) -> MutexGuard<'_, ()> {
        let hash = self.hasher.hash_one(stream).to_ne_bytes()[0];
        self.locks[usize::from(hash) % self.locks.len()]
            .lock()
            .await
    }
}
