//! What the second program says when it cannot do what it is told.

use std::process::Output;

use super::*;

#[cfg(feature = "nats")]
#[test]
fn a_board_says_which_fines_wait_and_how_to_look_at_them() {
    let Some(broker) = rehydrate_tests::nats::Server::start() else {
        return;
    };
    let (place, url) = (Place::new(), Broker::url(&broker));
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/sample.csv");
    assert_eq!(place.run(&["import", sample]).code, 0);
    assert_eq!(place.run(&["relay", "--to", &url]).code, 0);
    let before = board(&place, &url);
    assert_eq!(before["waiting"], 0);
    block_on(publish_nonsense(&url, "SAMPLE-1"));

    let store = format!("sqlite://{}", place.path("board.db").display());
    let of_the_store = ["--from", &url, "--store", &store];
    // Also when nothing has come since.
    for _ in 0..2 {
        let (code, out, err) = run(&[&["--json"], &of_the_store[..]].concat());
        assert_eq!(code, 1, "{err}");
        let seen: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (&seen["waiting"], &seen["paid_cents"]),
            (&json!(1), &before["paid_cents"]),
            "{out}{err}"
        );
        assert!(err.contains("ops dead-letters list balances"), "{err}");
    }
    let (code, out, _) = run(&of_the_store);
    assert_eq!(code, 1);
    assert!(out.contains("; 1 fine waits"), "{out}");
    let letters = ["--store", &store, "ops", "dead-letters"];
    let list = place.run(&[&letters[..], &["list", "balances"]].concat());
    assert!(list.stdout.contains("fine/SAMPLE-1"), "{}", list.stdout);

    let (code, out, err) = run(&["--from", &url, "--since", "2024-01-01"]);
    assert_eq!(code, 1, "{err}");
    assert!(out.contains("; 1 fine waits"), "{out}");
    assert!(err.contains("an event of fine/SAMPLE-1"), "{err}");
}

/// Sends an event of a fine that nobody can read.
#[cfg(feature = "nats")]
async fn publish_nonsense(url: &str, fine: &str) {
    let text = format!(
        r#"{{"specversion":"1.0","id":"0190a1b2-0000-7000-8000-000000000001","source":"/test","type":"payment_received",
            "subject":"{fine}","time":"2024-01-02T03:04:05.678901Z","category":"fine",
            "streamversion":"999","position":"999999","schemaversion":"3",
            "data":{{"cents":"much"}}}}"#
    );
    let event = CloudEvent::from_json(&text).unwrap();
    let message = rehydrate::Message::new(relay::TOPIC, format!("fine/{fine}"), event);
    let publisher = rehydrate_relay::publisher(url).await.unwrap();
    rehydrate_tests::brokers::assert_confirmed(&publisher.publish(&[message]).await);
}

#[test]
fn a_board_that_fails_says_so_in_a_sentence_and_as_json() {
    let (code, out, err) = run(&["--json", "--from", "amqp://127.0.0.1/fines"]);
    assert_eq!(code, 1);
    let said: Value = serde_json::from_str(&out).unwrap();
    let error = said["error"].as_str().unwrap();
    assert!(error.contains("amqp"), "{error}");
    assert_eq!(err.trim_end(), format!("error: {error}"));
}

#[test]
fn a_board_of_a_span_is_kept_nowhere() {
    for (span, time) in [("--since", "2024-01-01"), ("--until", "2024-01-02")] {
        let from = ["--from", "nats://127.0.0.1:1/fines"];
        let store = ["--store", "sqlite://board.db", span, time];
        let (code, out, err) = run(&[&from[..], &store].concat());
        assert_eq!((code, &*out), (2, ""), "{err}");
        assert!(err.contains("cannot be used with"), "{err}");
        assert!(err.contains(span), "{err}");
    }
}

#[test]
fn two_brokers_of_a_kind_are_refused_before_anything_starts() {
    let place = Place::new();
    let relays = [
        "--relay",
        "kinesis://a",
        "--relay",
        "nats://127.0.0.1:1/fines",
        "--relay",
        "KINESIS://b",
    ];
    let refused = place.run(&[&["serve"], &relays[..]].concat());
    assert_eq!((refused.code, &*refused.stdout), (2, ""));
    let said = &refused.stderr;
    assert!(
        said.contains("two of --relay are fines-to-kinesis"),
        "{said}"
    );
    assert!(!place.path("payments.db").exists());
}

/// Exit code, stdout and stderr of the second program.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_payment-board"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}
