//! The ids of accounts.

/// What an account is for; it is part of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Create = 1,
    Command = 2,
    CommandFromSnapshot = 3,
    Batch = 4,
    Load = 5,
    LoadFromSnapshot = 6,
    Replay = 7,
    CommandFromCache = 8,
}

/// The id of an account: a UUID that looks random and is not, so that the places in an index are the
/// same for every contestant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Id {
    /// As a number.
    pub number: u128,
    /// As text.
    pub text: String,
}

impl Id {
    /// The account of this kind with this number.
    #[must_use]
    pub fn new(kind: Kind, number: u64) -> Self {
        let high = mixed(number ^ ((kind as u64) << 59));
        let low = mixed(high ^ number.rotate_left(17));
        let mut bits = (u128::from(high) << 64) | u128::from(low);
        // Version 4, variant 2.
        bits = bits & !(0xf << 76) | 0x4 << 76;
        bits = bits & !(0x3 << 62) | 0x2 << 62;
        let hex = format!("{bits:032x}");
        let text = [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ]
        .join("-");
        Self { number: bits, text }
    }

    /// An account that nobody has stored yet; `of` tells those of one moment apart.
    #[must_use]
    pub fn fresh(kind: Kind, of: u64) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let nanoseconds = now.map_or(0, |now| now.as_nanos());
        let seed = u64::try_from(nanoseconds & u128::from(u64::MAX)).unwrap_or(0);
        Self::new(kind, seed ^ mixed(of))
    }

    /// What is random about the account's amounts.
    pub(crate) fn random(&self, event: u64) -> u64 {
        let low = self.number & u128::from(u64::MAX);
        mixed(event ^ u64::try_from(low).unwrap_or(0))
    }
}

/// Splitmix64.
fn mixed(number: u64) -> u64 {
    let sum = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let once = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let twice = (once ^ (once >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    twice ^ (twice >> 31)
}
