//! Changes of the payment service that could not read what is stored: each is stopped by the check,
//! and what the check says is enough to mend it.
//!
//! The service's own files are copied, changed, compiled and checked against its own `events.lock`.

#[path = "shipping/cases.rs"]
mod cases;
#[path = "shipping/copies.rs"]
mod copies;

use cases::{CASES, Case};
use copies::{Copies, Verdict};

#[test]
fn every_change_that_would_lose_history_is_stopped_with_the_way_out() {
    let mut copies = Copies::new();
    copies.add("as_it_is", &[]);
    for case in CASES {
        copies.add(&format!("{}_broken", case.name), case.change);
        let mended: Vec<_> = case.change.iter().chain(case.remedy).copied().collect();
        copies.add(&format!("{}_mended", case.name), &mended);
    }
    let verdicts = copies.check();
    assert_eq!(verdicts["as_it_is"].checked, Ok(()));
    for case in CASES {
        println!("\n== {}\n", case.name);
        let broken = &verdicts[&format!("{}_broken", case.name)];
        assert_is_stopped(case, broken);
        let mended = &verdicts[&format!("{}_mended", case.name)];
        assert_eq!(mended.updated, Ok(()), "{} is not mended", case.name);
        assert_eq!(mended.checked_again, Ok(()), "{} is not mended", case.name);
    }
}

fn assert_is_stopped(case: &Case, verdict: &Verdict) {
    let message = verdict.checked.as_ref().expect_err(case.name);
    println!("{message}");
    for said in case.says {
        assert!(
            message.contains(said),
            "{} does not say {said:?}",
            case.name
        );
    }
    // Asking for an update does not get it through, and writes nothing.
    let refused = verdict.updated.as_ref().expect_err(case.name);
    assert!(refused.contains(case.says[0]), "{refused}");
    assert!(!verdict.has_written, "{} has written", case.name);
}
