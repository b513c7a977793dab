//! A hash that the compiler can take.

use std::fmt::{self, Display};

/// A hash of the shape of a state or of the content of a command: FNV-1a, 64 bits.
///
/// A snapshot is used only by a program with the same fingerprint of the state, and an idempotency
/// key only for a command with the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// Hashes a text: a description of a shape, for a state whose policy is written by hand.
    #[must_use]
    pub const fn of(shape: &str) -> Self {
        Self(0xcbf2_9ce4_8422_2325).followed_by(shape.as_bytes())
    }

    /// The hash of what was hashed so far and of these bytes after it.
    #[must_use]
    pub const fn followed_by(self, bytes: &[u8]) -> Self {
        let mut hash = self.0;
        let mut rest = bytes;
        while let [byte, tail @ ..] = rest {
            hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
            rest = tail;
        }
        Self(hash)
    }
}

impl Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
