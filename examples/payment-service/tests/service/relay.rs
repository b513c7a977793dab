//! What is published is what a second program sees, whoever is killed on the way.

use std::process::{Command, Stdio};
use std::time::Duration;

use rehydrate_tests::nats;
use serde_json::{Value, json};

use crate::program::Place;
use crate::real_file::real_file;

/// What the second program says, with a store of its own.
fn board(place: &Place, url: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_payment-board"))
        .args(["--json", "--from", url, "--store"])
        .arg(format!("sqlite://{}", place.path("board.db").display()))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_whole_history_arrives_though_its_relay_and_its_broker_are_killed() {
    let (Some(file), Some(mut broker)) = (real_file(), nats::Server::start()) else {
        return;
    };
    let place = Place::new();
    let url = format!("{}/fines?create=true", broker.url());
    assert_eq!(place.run(&["import", file.to_str().unwrap()]).code, 0);
    let mut delay = Duration::from_millis(150);
    for _ in 0..3 {
        let mut relay = place
            .command(&["relay", "--to", &url])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // However far it is by then: the result is the same.
        std::thread::sleep(delay);
        relay.kill().unwrap();
        relay.wait().unwrap();
        broker.kill();
        broker.restart();
        let seen = board(&place, &url);
        eprintln!("both were killed after {delay:?}: the board has {seen}");
        delay *= 2;
    }
    // The lease of the one that was killed runs out first.
    let relay = place.run(&["--json", "relay", "--to", &url]);
    assert_eq!(relay.code, 0, "{}{}", relay.stdout, relay.stderr);
    assert_eq!(relay.json()["waiting"], 0);
    let seen = board(&place, &url);
    eprintln!("in the end: {seen}");
    assert_eq!(seen["fines"], 4_931);
    assert_eq!(seen["paid_cents"], 10_372_665);
    // A second look takes nothing twice, and a second relay sends nothing.
    assert_eq!(place.run(&["relay", "--to", &url]).code, 0);
    let again = board(&place, &url);
    assert_eq!(
        (&again["events"], &again["paid_cents"]),
        (&json!(0), &json!(10_372_665))
    );
}
