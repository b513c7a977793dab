//! A history that was recorded when payments were euros in text is read by today's program.

use std::process::Command;

use rehydrate_tests::fixtures::{self, first_events};
use serde_json::Value;

/// The sum of the payments as the file has them, digit by digit, without a line of the service.
fn paid_by_hand() -> i64 {
    let payments = first_events();
    let payments = payments
        .iter()
        .filter(|event| event.event_type == "payment_received");
    let cents = payments.map(|event| {
        let payload: Value = serde_json::from_str(&event.payload).unwrap();
        let (euro, cents) = payload["euro"].as_str().unwrap().split_once('.').unwrap();
        assert_eq!(cents.len(), 2);
        euro.parse::<i64>().unwrap() * 100 + cents.parse::<i64>().unwrap()
    });
    cents.sum()
}

fn run(url: &str, arguments: &[&str]) -> (i32, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_payment-service"))
        .args(["--json", "--store", url])
        .args(arguments)
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let code = output.status.code().unwrap();
    (code, serde_json::from_str(&stdout).unwrap())
}

#[tokio::test]
async fn a_history_at_its_first_event_schema_is_read_on_every_database() {
    assert_eq!(paid_by_hand(), 114_100);
    fixtures::on_every_first_release(async |url| {
        let (code, balances) = run(&url, &["balances"]);
        assert_eq!(code, 0, "{balances}");
        assert_eq!(balances["fines"], 48);
        assert_eq!(balances["paid_cents"], paid_by_hand());
        let (code, reconciled) = run(&url, &["reconcile"]);
        assert_eq!(code, 0, "{reconciled}");
        let (_, fine) = run(&url, &["fine", "F-0005"]);
        assert_eq!(
            (&fine["version"], &fine["paid_cents"]),
            (&8.into(), &1_075.into())
        );
    })
    .await;
}

#[tokio::test]
async fn every_event_of_the_first_release_decodes_today() {
    fixtures::on_every_first_release(async |url| {
        let (code, report) = run(&url, &["ops", "schema", "verify"]);
        assert_eq!(code, 0, "{report}");
        assert_eq!(report["events"], 240, "{report}");
        let (code, census) = run(&url, &["ops", "schema", "census"]);
        assert_eq!(code, 0, "{census}");
    })
    .await;
}
