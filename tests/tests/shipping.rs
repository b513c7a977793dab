//! Changes of the payment service that could not read what is stored: each is stopped by the check,
//! and what the check says is enough to mend it.
//!
//! The service's own files are copied, changed, compiled and checked against its own `events.lock`.
//! What mends them is the code of the message, as it is printed, and nothing else where the message
//! has code.

#[path = "shipping/cases.rs"]
mod cases;
#[path = "shipping/copies.rs"]
mod copies;
#[path = "shipping/gone.rs"]
mod gone;
#[path = "shipping/paste.rs"]
mod paste;

use cases::{CASES, Case};
use copies::{Copies, Verdict};

fn all() -> impl Iterator<Item = &'static Case> {
    CASES.iter().chain(gone::CASES)
}

#[test]
fn every_change_that_would_lose_history_is_stopped_with_the_way_out() {
    let mut copies = Copies::new();
    copies.add("as_it_is", &[], None);
    for case in all() {
        let name = case.name;
        let shipped: Vec<_> = case.shipped.to_vec();
        let broken = [case.shipped, case.change].concat();
        let before = (!shipped.is_empty()).then(|| {
            let before = format!("{name}_shipped");
            copies.add(&before, &shipped, None);
            before
        });
        copies.add(&format!("{name}_broken"), &broken, before.as_deref());
        let mended = format!("{name}_mended");
        copies.add(&mended, &broken, before.as_deref());
        copies.edit(&mended, |sources| case.remedy.apply(name, sources));
    }
    let verdicts = copies.check();
    assert_eq!(verdicts["as_it_is"].checked, Ok(()));
    for case in all() {
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
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words(message).contains(&words(said)),
            "{} does not say {said:?}",
            case.name
        );
    }
    case.remedy.assert_is_in(case.name, message);
    // Asking for an update does not get it through, and writes nothing.
    let refused = verdict.updated.as_ref().expect_err(case.name);
    assert_eq!(refused, message);
    assert!(!verdict.has_written, "{} has written", case.name);
}
