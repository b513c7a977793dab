//! Importing CSV files, good and bad.

use serde_json::{Value, json};

use crate::program::Place;

const HEADER: &str = "fine_id,date,activity,amount,expense,payment,total_paid,article,points,vehicle_class,officer,dismissal,notification_type,last_sent";

fn file(rows: &[&str]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

const CREATED: &str = "B1,2020-01-01,Create Fine,21.00,,,0.00,7,0,A,1,NIL,,";
const PAID: &str = "B1,2020-02-01,Payment,,,10.50,10.50,,,,,,,";
const PAID_AGAIN: &str = "B1,2020-02-01,Payment,,,10.50,21.00,,,,,,,";

fn summary(rows: u64, appended: u64, skipped: u64, fines: u64, paid_cents: u64) -> Value {
    json!({ "rows": rows, "appended": appended, "skipped": skipped, "fines": fines, "paid_cents": paid_cents })
}

#[test]
fn a_second_import_appends_nothing() {
    let place = Place::new();
    let content = file(&[CREATED, PAID, PAID_AGAIN]);
    let first = place.import(&content);
    assert_eq!(
        (first.code, first.json()),
        (0, summary(3, 3, 0, 1, 2100)),
        "{}",
        first.stderr
    );
    let second = place.import(&content);
    assert_eq!((second.code, second.json()), (0, summary(3, 0, 3, 1, 2100)));
}

#[test]
fn two_identical_payments_of_one_day_are_two_payments() {
    let place = Place::new();
    let content = file(&[CREATED, PAID, PAID]);
    assert_eq!(place.import(&content).json(), summary(3, 3, 0, 1, 2100));
    assert_eq!(place.import(&content).json(), summary(3, 0, 3, 1, 2100));
}

#[test]
fn line_ends_a_byte_order_mark_quotes_and_the_order_of_columns_do_not_matter() {
    let place = Place::new();
    place.import(&file(&[CREATED, PAID]));
    let mut swapped = String::from("\u{feff}");
    for line in file(&[CREATED, PAID]).lines() {
        let mut fields: Vec<_> = line.split(',').collect();
        fields.swap(0, 2);
        swapped += &format!("\"{}\"\r\n\r\n", fields.join("\",\""));
    }
    assert_eq!(place.import(&swapped).json(), summary(2, 0, 2, 1, 1050));
}

/// Imports a good row, these bad ones with what is wrong about them, and another good row.
fn import_with_faults(faults: &[(&str, &str, &str)]) {
    let mut rows = vec![CREATED];
    rows.extend(faults.iter().map(|(row, _, _)| *row));
    rows.push(PAID);
    let place = Place::new();
    let run = place.import(&file(&rows));
    assert_eq!(run.code, 1, "{}", run.stderr);
    let mut lines = String::new();
    let mut rejected = Vec::new();
    for (line, (_, column, reason)) in (3..).zip(faults) {
        lines += &format!("line {line}, column {column}: {reason}\n");
        rejected.push(json!({ "line": line, "column": column, "reason": reason }));
    }
    let mut expected = summary(rows.len() as u64, 2, 0, 1, 1050);
    expected["rejected"] = Value::Array(rejected);
    assert_eq!(run.json(), expected);
    assert_eq!(run.stderr, lines);
    let again = place.import(&file(&rows));
    assert_eq!((again.code, &again.json()["appended"]), (1, &json!(0)));
}

#[test]
fn each_row_that_cannot_be_read_is_named_and_the_others_are_kept() {
    let not_a_day = "not a day like 2008-08-26";
    import_with_faults(&[
        (
            "B1,2020-01-02,Parade,,,,,,,,,,,",
            "activity",
            "unknown activity \"Parade\"",
        ),
        (
            "B1,2020-13-01,Payment,,,1.00,1.00,,,,,,,",
            "date",
            not_a_day,
        ),
        ("B1,2020-1-1,Payment,,,1.00,1.00,,,,,,,", "date", not_a_day),
        ("B1,,Payment,,,1.00,1.00,,,,,,,", "date", not_a_day),
        (
            "B1,2020-01-03,Payment,,,ten,1.00,,,,,,,",
            "payment",
            "\"ten\": not an amount like 35.00",
        ),
        (
            "B1,2020-01-03,Payment,,,-1.00,1.00,,,,,,,",
            "payment",
            "\"-1.00\": an amount cannot be negative",
        ),
        (
            "B1,2020-01-03,Payment,,,,1.00,,,,,,,",
            "payment",
            "the amount is missing",
        ),
        (
            "B1,2020-01-03,Payment,,,1.00,1.005,,,,,,,",
            "total_paid",
            "\"1.005\": not an amount like 35.00",
        ),
        (
            "B1,2020-01-03,Send Fine,,x,,,,,,,,,",
            "expense",
            "\"x\": not an amount like 35.00",
        ),
        (
            "B1,2020-01-03,Add penalty,,,,,,,,,,,",
            "amount",
            "the amount is missing",
        ),
        (
            "B1,2020-01-03,Payment,,,1.00",
            "total_paid",
            "the row has 6 fields, the header 14",
        ),
        (
            "B1,2020-01-03,Payment,,,1.00,1.00,,,,,,,,",
            "last_sent",
            "the row has 15 fields, the header 14",
        ),
        (
            "B3,2020-01-03,Create Fine,21.00,,,0.00,7,many,A,1,NIL,,",
            "points",
            "\"many\": not a number of points",
        ),
        (
            ",2020-01-03,Create Fine,21.00,,,0.00,7,0,A,1,NIL,,",
            "fine_id",
            "\"fine/\" cannot name a stream: its id is empty",
        ),
        (
            "B1,2020-01-04,\"Payment,,,1.00,1.00,,,,,,,",
            "amount",
            "the row has 3 fields, the header 14",
        ),
    ]);
}

#[test]
fn each_row_that_does_not_fit_what_is_stored_is_named_and_the_others_are_kept() {
    import_with_faults(&[
        (
            "B2,2020-01-03,Payment,,,1.00,1.00,,,,,,,",
            "fine_id",
            "there is no such fine",
        ),
        (
            "B1,2020-01-03,Create Fine,21.00,,,0.00,7,0,A,1,NIL,,",
            "fine_id",
            "the fine was already issued",
        ),
        (CREATED, "fine_id", "the fine was already issued"),
        (
            "B1,2019-12-31,Send Fine,,11.00,,,,,,,,,",
            "date",
            "earlier than the fine's last event, of 2020-01-01",
        ),
        (
            "B4,2020-01-03,Send for Credit Collection,,,,,,,,,,,",
            "fine_id",
            "there is no such fine",
        ),
    ]);
}

#[test]
fn blank_lines_count_as_lines_and_not_as_rows() {
    let run = Place::new().import(&file(&["", CREATED, "  ", "B1,never,Payment,,,1,1,,,,,,,"]));
    assert_eq!(run.json()["rows"], 2);
    assert_eq!(run.json()["rejected"][0]["line"], 5);
}

#[test]
fn a_corrected_row_is_the_only_one_that_a_second_import_appends() {
    let place = Place::new();
    let bad = "B1,2020-01-20,Send Fine,,many,,,,,,,,,";
    let good = "B1,2020-02-01,Send Fine,,11.00,,,,,,,,,";
    let first = place.import(&file(&[CREATED, bad, PAID, PAID]));
    assert_eq!((first.code, &first.json()["appended"]), (1, &json!(3)));
    let second = place.import(&file(&[CREATED, good, PAID, PAID]));
    assert_eq!((second.code, second.json()), (0, summary(4, 1, 3, 1, 2100)));
}

#[test]
fn a_header_without_a_column_is_one_clear_error() {
    let place = Place::new();
    let run = place.import("fine_id,date,activity\nB1,2020-01-01,Payment\n");
    assert_eq!(run.code, 1);
    assert!(
        run.stderr
            .contains("the header lacks the column amount, expense"),
        "{}",
        run.stderr
    );
    assert!(run.json()["error"].is_string());
    assert!(place.import("").stderr.contains("the header is missing"));
}

#[test]
fn a_file_that_is_not_there_is_one_clear_error() {
    let run = Place::new().run(&["--json", "import", "nowhere.csv"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("cannot open nowhere.csv"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stderr.lines().count(), 1);
}

#[test]
fn text_that_is_not_utf_8_and_a_line_without_end_spoil_their_own_row_only() {
    let place = Place::new();
    let mut content = file(&[CREATED]).into_bytes();
    content.extend(b"B1,2020-01-02,Pay\xFFment,,,1.00,1.00,,,,,,,\n");
    content.extend(vec![b'x'; 300_000]);
    content.extend(b"\n");
    content.extend(PAID.as_bytes());
    let path = place.file("bytes.csv", "");
    std::fs::write(&path, content).unwrap();
    let run = place.run(&["import", "--json", path.to_str().unwrap()]);
    let summary = run.json();
    assert_eq!(
        (run.code, &summary["appended"]),
        (1, &json!(2)),
        "{}",
        run.stderr
    );
    assert_eq!(summary["rejected"][0]["reason"], "not UTF-8 text");
    assert_eq!(summary["rejected"][0]["column"], "activity");
    assert_eq!(summary["rejected"][1]["line"], 4);
}

#[test]
fn the_list_of_bad_rows_is_bounded() {
    let place = Place::new();
    let rows: Vec<_> = (0..1_005)
        .map(|_| "B1,never,Payment,,,1.00,1.00,,,,,,,")
        .collect();
    let run = place.import(&file(&rows));
    let summary = run.json();
    assert_eq!(summary["rejected"].as_array().unwrap().len(), 1_000);
    assert_eq!(summary["rejected_more"], 5);
    assert_eq!(run.stderr.lines().count(), 1_005);
}

#[test]
fn a_payment_that_the_log_misses_is_found() {
    let place = Place::new();
    place.import(&file(&[CREATED, PAID_AGAIN]));
    let run = place.run(&["reconcile", "--json"]);
    let expected = json!({
        "fines": 1,
        "paid_cents": 1050,
        "unreconciled": [{ "fine": "B1", "paid_cents": 1050, "stated_cents": 2100 }],
    });
    assert_eq!((run.code, run.json()), (1, expected));
}

#[test]
fn a_payment_after_the_last_statement_is_not_missing() {
    let place = Place::new();
    place.import(&file(&[CREATED, PAID]));
    let server = place.serve();
    assert_eq!(
        server.client.pay("B1", "later", r#"{"cents":500}"#).status,
        200
    );
    drop(server);
    let run = place.run(&["--json", "reconcile"]);
    let expected = json!({ "fines": 1, "paid_cents": 1550, "unreconciled": [] });
    assert_eq!((run.code, run.json()), (0, expected));
}
