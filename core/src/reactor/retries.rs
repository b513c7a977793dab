//! How often a failed delivery is tried again.

use std::time::Duration;

/// How often, and after which pauses, an event that failed is delivered again.
///
/// The pause after attempt n is `first` × 2ⁿ⁻¹, at most `longest`.
///
/// ```
/// use std::time::Duration;
/// use rehydrate::Retries;
///
/// const PATIENT: Retries = Retries { attempts: 20, ..Retries::DEFAULT };
/// assert_eq!(PATIENT.pause_after(3), Duration::from_millis(800));
/// assert_eq!(PATIENT.pause_after(19), Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How many attempts there are in all; at least one is made.
    pub attempts: u32,
    /// The pause after the first attempt.
    pub first: Duration,
    /// The longest pause after any attempt.
    pub longest: Duration,
}

impl Retries {
    /// 8 attempts, with pauses of 200 ms to 12.8 s: about 25 seconds in all. With more attempts the
    /// pauses grow to a minute.
    pub const DEFAULT: Self = Self {
        attempts: 8,
        first: Duration::from_millis(200),
        longest: Duration::from_secs(60),
    };

    /// One attempt only: whatever fails is parked at once.
    pub const NEVER: Self = Self {
        attempts: 1,
        ..Self::DEFAULT
    };

    /// The pause between an attempt, counted from 1, and the next.
    #[must_use]
    pub fn pause_after(self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }

    pub(crate) fn allows_another_after(self, attempt: u32) -> bool {
        attempt < self.attempts
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self::DEFAULT
    }
}
