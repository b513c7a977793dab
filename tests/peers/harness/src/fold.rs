//! W6: decode and apply in memory.

use std::time::{Duration, Instant};

use crate::domain::{Account, Event, event, expected_account};
use crate::id::{Id, Kind};
use crate::peer::Outcome;
use crate::report::Measurement;
use crate::sizes::Sizes;

/// How many events are folded at a time.
pub const FOLDED: u64 = 1_000;

/// The events that are folded, those of one account.
#[must_use]
pub fn events_to_fold() -> Vec<Event> {
    let id = Id::new(Kind::Create, 1);
    (0..FOLDED).map(|number| event(&id, number)).collect()
}

/// Measures a fold of [`FOLDED`] events, again and again: nanoseconds an event, in turns with the
/// decoding of the same events as plain JSON, which says how fast this core is at the moment.
///
/// # Errors
/// It came to a wrong result.
pub fn measure(name: &str, sizes: &Sizes, mut fold: impl FnMut() -> Outcome<Account>) -> Outcome {
    let expected = expected_account(&Id::new(Kind::Create, 1), FOLDED);
    let texts: Vec<String> = events_to_fold()
        .iter()
        .map(serde_json::to_string)
        .collect::<Result<_, _>>()?;
    let turns = (sizes.folded / FOLDED).max(1);
    let mut taken = Duration::ZERO;
    let mut plain = Duration::ZERO;
    for turn in 0..turns + turns / 10 {
        let begun = Instant::now();
        let mut account = Account::default();
        for text in &texts {
            account.apply(&serde_json::from_str(text)?);
        }
        let plain_now = begun.elapsed();
        same(&account, &expected)?;
        let begun = Instant::now();
        let account = fold()?;
        let taken_now = begun.elapsed();
        same(&account, &expected)?;
        // The first turns are there to get warm.
        if turn >= turns / 10 {
            plain += plain_now;
            taken += taken_now;
        }
    }
    let each = |time: Duration| time.as_secs_f64() * 1e9 / (turns * FOLDED) as f64;
    Measurement::new(
        name,
        &[
            ("ns", each(taken)),
            ("typed_ns", each(plain)),
            ("ratio", taken.as_secs_f64() / plain.as_secs_f64()),
        ],
    )
    .print()
}

fn same(found: &Account, expected: &Account) -> Outcome {
    if found == expected {
        Ok(())
    } else {
        Err(format!("wrong state: {found:?} in place of {expected:?}").into())
    }
}
