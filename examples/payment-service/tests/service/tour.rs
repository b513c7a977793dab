//! The guided tour.

use crate::program::Place;

#[test]
fn the_tour_can_be_taken_twice() {
    let place = Place::new();
    for history in ["15 appended, 0 skipped", "0 appended, 15 skipped"] {
        let run = place.run(&[]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(run.stderr, "");
        for line in [
            history,
            "refused: an amount must be more than zero",
            "attempts: 2,",
            "stored: schema version 1, {\"euro\":\"7.50\"}",
            "read as: {\"cents\":750}",
            "with the snapshot of version 20: 3 events replayed",
            "without: 23 events replayed",
            "version 2: EUR 20.00 paid",
        ] {
            assert!(run.stdout.contains(line), "{line}\n{}", run.stdout);
        }
    }
}

#[test]
fn with_json_the_tour_is_one_object() {
    let run = Place::new().run(&["--json"]);
    assert_eq!(run.json()["steps"].as_array().unwrap().len(), 8);
    assert_eq!(run.stdout.lines().count(), 1);
}

#[test]
fn a_tour_leaves_nothing_to_reconcile() {
    let place = Place::new();
    place.run(&[]);
    let run = place.run(&["--json", "reconcile"]);
    assert_eq!((run.code, &run.json()["fines"]), (0, &5.into()));
}
