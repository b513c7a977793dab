//! Sequence numbers.

use std::cmp::Ordering;

/// The number of a record in its shard: a decimal with more digits than any integer type holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sequence(String);

impl Sequence {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || !text.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        let digits = match text.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        };
        Some(Self(digits.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for Sequence {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Sequence {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(text: &str) -> Sequence {
        Sequence::parse(text).expect("it is one")
    }

    #[test]
    fn sequence_numbers_are_compared_as_numbers_however_long_they_are() {
        assert!(sequence("9") < sequence("10"));
        assert!(
            sequence("49590338271490256608559692538361571095921575989136588898")
                < sequence("149590338271490256608559692538361571095921575989136588898")
        );
        assert_eq!(sequence("007"), sequence("7"));
        assert_eq!(sequence("00"), sequence("0"));
        for text in ["", "-1", "1.0", "x", "１"] {
            assert!(Sequence::parse(text).is_none(), "{text}");
        }
    }
}
