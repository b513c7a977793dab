//! Looking at fines from the command line.

use serde_json::json;

use crate::program::Place;

fn place() -> Place {
    let place = Place::new();
    place.run(&[]);
    place
}

#[test]
fn a_fine_is_shown_as_it_is_and_as_it_was() {
    let place = place();
    let show = |arguments: &[&str]| {
        let run = place.run(&[&["--json", "fine", "SAMPLE-2"], arguments].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        let fine = run.json();
        (
            fine["version"].clone(),
            fine["owed_cents"].clone(),
            fine["paid_cents"].clone(),
        )
    };
    assert_eq!(show(&[]), (json!(6), json!(102_50), json!(102_50)));
    assert_eq!(
        show(&["--version", "2"]),
        (json!(2), json!(57_50), json!(0))
    );
    assert_eq!(
        show(&["--as-of", "2021-09-01"]),
        (json!(6), json!(102_50), json!(102_50))
    );
    assert_eq!(
        show(&["--as-of", "2021-08-31"]),
        (json!(4), json!(102_50), json!(0))
    );
    assert_eq!(
        show(&["--as-of", "2021-05-10T00:00:00Z"]),
        (json!(2), json!(57_50), json!(0))
    );
}

#[test]
fn a_history_has_each_event_and_the_state_after_it() {
    let run = place().run(&["history", "--json", "SAMPLE-1"]);
    let history = run.json();
    assert_eq!(history["fine"], "SAMPLE-1");
    assert_eq!(history["history"].as_array().unwrap().len(), 2);
    let paid = &history["history"][1];
    assert_eq!(paid["type"], "payment_received");
    assert_eq!(paid["schema_version"], 3);
    assert_eq!(paid["recorded_at"], "2021-03-05T00:00:00Z");
    assert_eq!(
        paid["event"],
        json!({ "cents": 3000, "stated_total_cents": 3000 })
    );
    assert_eq!(paid["state"]["outstanding_cents"], 0);
}

#[test]
fn what_does_not_exist_is_one_clear_error() {
    let place = place();
    for (arguments, error) in [
        (&["fine", "NOWHERE"][..], "there is no fine NOWHERE"),
        (
            &["fine", "NOWHERE", "--version", "1"],
            "there was no fine NOWHERE then",
        ),
        (&["history", "NOWHERE"], "there is no fine NOWHERE"),
        (
            &["fine", "SAMPLE-1", "--version", "9"],
            "fine/SAMPLE-1 has no version 9: its last one is 2",
        ),
        (
            &["fine", "SAMPLE-1", "--as-of", "1999-12-31"],
            "there was no fine SAMPLE-1 then",
        ),
        (
            &["fine", "SAMPLE-1", "--version", "0"],
            "there was no fine SAMPLE-1 then",
        ),
    ] {
        let run = place.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""));
        assert_eq!(run.stderr, format!("error: {error}\n"));
    }
}

#[test]
fn a_wrong_command_line_has_exit_code_2() {
    let place = Place::new();
    for arguments in [
        &["fine"][..],
        &["fine", "A1", "--version", "1", "--as-of", "2020-01-01"],
        &["fine", "A1", "--as-of", "yesterday"],
        &["frobnicate"],
    ] {
        assert_eq!(place.run(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_store_that_cannot_be_opened_is_one_clear_error() {
    let place = Place::new();
    place.file("not.db", "this is not a database, and long enough to be sure of it ........................................................");
    let run = place.run(&["--json", "--store", "sqlite://not.db", "reconcile"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("not.db"), "{}", run.stderr);
    assert_eq!(place.run(&["reconcile", "--store", "oracle://x"]).code, 1);
}
