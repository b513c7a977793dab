//! Days and times as people write them.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};

/// The first moment of a day (UTC).
#[must_use]
pub fn start_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// Reads `2008-08-26`, and nothing looser.
///
/// # Errors
/// It is not a day of the calendar in that form.
pub fn day(text: &str) -> Result<NaiveDate, NotATime> {
    if text.len() != "2008-08-26".len() {
        return Err(NotATime::Day);
    }
    text.parse().map_err(|_| NotATime::Day)
}

/// Reads a moment: an RFC 3339 time, or a day, which stands for its last microsecond (UTC).
///
/// # Errors
/// It is neither.
pub fn moment(text: &str) -> Result<DateTime<Utc>, NotATime> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let next_day = day(text)
        .ok()
        .and_then(|day| day.checked_add_days(Days::new(1)))
        .ok_or(NotATime::Moment)?;
    Ok(start_of(next_day) - TimeDelta::microseconds(1))
}

/// Reads the beginning of a span: an RFC 3339 time, or a day, which stands for its first moment (UTC).
///
/// # Errors
/// It is neither.
pub fn beginning(text: &str) -> Result<DateTime<Utc>, NotATime> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Ok(time.to_utc()),
        Err(_) => day(text).map(start_of).map_err(|_| NotATime::Moment),
    }
}

/// Why a text is not a day or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotATime {
    /// A day was expected.
    #[error("not a day like 2008-08-26")]
    Day,
    /// A day or a time was expected.
    #[error("not a day like 2008-08-26 or a time like 2008-08-26T12:00:00Z")]
    Moment,
}
