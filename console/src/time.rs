//! Days and times, as people write and read them.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, Utc};

/// A time, or a day, which stands for its first moment (UTC).
pub(crate) fn since(text: &str) -> Result<DateTime<Utc>, NotATime> {
    exact(text).or_else(|| day(text).map(start)).ok_or(NotATime)
}

/// A time, or a day, which stands for its last moment (UTC).
pub(crate) fn until(text: &str) -> Result<DateTime<Utc>, NotATime> {
    let next = || day(text)?.checked_add_days(Days::new(1));
    exact(text)
        .or_else(|| next().map(|next| start(next) - TimeDelta::microseconds(1)))
        .ok_or(NotATime)
}

fn exact(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.to_utc())
}

fn day(text: &str) -> Option<NaiveDate> {
    let is_whole = text.len() == "2008-08-26".len();
    is_whole.then(|| text.parse().ok()).flatten()
}

fn start(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[derive(Debug, thiserror::Error)]
#[error("not a day like 2008-08-26 or a time like 2008-08-26T12:00:00Z")]
pub(crate) struct NotATime;

/// To the second, or as exact as it is.
pub(crate) fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A length of time in one or two units.
pub(crate) fn length(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole seconds are all that is shown, and `as` saturates"
    )]
    let whole = seconds as i64;
    match whole {
        ..1 => format!("{seconds:.3} s"),
        1..60 => format!("{whole} s"),
        60..3_600 => format!("{} min {} s", whole / 60, whole % 60),
        3_600..86_400 => format!("{} h {} min", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3_600),
    }
}

/// The seconds of a length of time.
pub(crate) fn seconds(length: TimeDelta) -> f64 {
    length.as_seconds_f64()
}
