//! Money as integer cents.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use rehydrate::Describe;
use serde::{Deserialize, Serialize};

/// An amount of euro in cents; a whole number, so that sums are exact.
#[derive(
    Describe,
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest single amount, ten billion euro: sums of millions of them stay exact.
    pub const LARGEST: Self = Self(1_000_000_000_000);
}

impl Add for Cents {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Cents {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(f, "EUR {sign}{}.{:02}", cents / 100, cents % 100)
    }
}

/// Reads euro as decimal text, `35.00`, digit by digit: a float would have to round.
impl FromStr for Cents {
    type Err = NotAnAmount;

    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        let (euro, cents) = text.split_once('.').unwrap_or((text, "00"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if text.starts_with('-') {
            return Err(NotAnAmount::Negative);
        }
        if !digits(euro) || !digits(cents) || cents.len() > 2 {
            return Err(NotAnAmount::Malformed);
        }
        format!("{euro}{cents:0<2}")
            .parse()
            .ok()
            .map(Self)
            .filter(|amount| *amount <= Self::LARGEST)
            .ok_or(NotAnAmount::TooLarge)
    }
}

/// Why a text is not an amount of euro.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnAmount {
    /// It begins with a minus sign.
    #[error("an amount cannot be negative")]
    Negative,
    /// It is not digits, a point and at most two more digits.
    #[error("not an amount like 35.00")]
    Malformed,
    /// It is larger than [`Cents::LARGEST`].
    #[error("an amount cannot be larger than {}", Cents::LARGEST)]
    TooLarge,
}
