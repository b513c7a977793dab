//! The HTTP interface, request by request.

use serde_json::json;

use crate::program::{Place, Reply, Server};

const FINE: &str = r#"{"fine_id":"A1","amount_cents":2100,"article":"7","vehicle_class":"A"}"#;
const FIVE: &str = r#"{"cents":500,"reference":"R1"}"#;

fn server() -> (Place, Server) {
    let place = Place::new();
    let server = place.serve();
    assert_eq!(server.client.post("/fines", &[], FINE).status, 201);
    (place, server)
}

#[track_caller]
fn assert_problem(reply: &Reply, status: u16, name: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(reply.body["status"], status);
    assert_eq!(
        reply.body["type"],
        format!("urn:payment-service:problem:{name}")
    );
    assert!(reply.body["title"].is_string());
    assert!(reply.body["detail"].is_string());
}

#[test]
fn a_fine_is_issued_paid_raised_and_shown() {
    let place = Place::new();
    let Server { client, .. } = &place.serve();
    let issued = client.post("/fines", &[], FINE);
    assert_eq!(issued.status, 201);
    assert_eq!(issued.header("location"), Some("/fines/A1"));
    assert_eq!(issued.header("etag"), Some("\"1\""));
    let paid = client.pay("A1", "k1", FIVE);
    assert_eq!((paid.status, paid.header("etag")), (200, Some("\"2\"")));
    assert_eq!(paid.body["outstanding_cents"], 1600);
    let raised = client.post("/fines/A1/penalty", &[], r#"{"amount_cents":4200}"#);
    assert_eq!((raised.status, raised.header("etag")), (200, Some("\"3\"")));
    assert_eq!(raised.body["outstanding_cents"], 3700);
    let shown = client.get("/fines/A1", &[]);
    assert_eq!((shown.status, shown.header("etag")), (200, Some("\"3\"")));
    assert_eq!(shown.body, raised.body);
    assert_eq!(client.get("/fines/A1?version=2", &[]).body, paid.body);
    assert_eq!(
        client.get("/fines/A1?version=2", &[]).header("etag"),
        Some("\"2\"")
    );
    assert_eq!(
        client.get("/fines/A1?as_of=2999-01-01", &[]).body,
        raised.body
    );
    assert_eq!(client.get("/healthz", &[]).body["status"], "ok");
}

#[test]
fn a_repeated_key_is_answered_like_the_first_and_says_so() {
    let (_place, server) = server();
    let first = server.client.pay("A1", "k1", FIVE);
    assert_eq!(first.header("idempotent-replayed"), None);
    server.client.pay("A1", "k2", FIVE);
    let spaced = r#"{ "reference": "R1", "amount_cents": 500 }"#;
    let again = server.client.pay("A1", "k1", spaced);
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("etag"), Some("\"2\""));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(server.client.get("/fines/A1", &[]).body["payments"], 2);

    let key = [("idempotency-key", "new")];
    let other = FINE.replace("A1", "A2");
    for replayed in [None, Some("true")] {
        let issued = server.client.post("/fines", &key, &other);
        assert_eq!(
            (issued.status, issued.header("location")),
            (201, Some("/fines/A2"))
        );
        assert_eq!(issued.header("idempotent-replayed"), replayed);
    }
}

#[test]
fn a_key_serves_one_request_only() {
    let (_place, server) = server();
    let client = &server.client;
    client.post("/fines", &[], &FINE.replace("A1", "A2"));
    client.pay("A1", "k1", r#"{"cents":2500}"#);
    client.pay("A1", "k1", r#"{"cents":500}"#);
    assert_problem(
        &client.pay("A1", "k1", r#"{"cents":501}"#),
        422,
        "key-reused",
    );
    assert_problem(
        &client.pay("A2", "k1", r#"{"cents":500}"#),
        422,
        "key-reused",
    );
    let key = [("idempotency-key", "k1")];
    let penalty = client.post("/fines/A1/penalty", &key, r#"{"cents":500}"#);
    assert_problem(&penalty, 422, "key-reused");
}

#[test]
fn an_event_knows_its_request() {
    let (_place, server) = server();
    let headers = [("idempotency-key", "k1"), ("x-request-id", "req-7")];
    let paid = server.client.post("/fines/A1/payments", &headers, FIVE);
    assert_eq!(paid.header("x-request-id"), Some("req-7"));
    let history = server.client.get("/fines/A1/history", &[]);
    assert_eq!(history.body["fine"], "A1");
    let entries = history.body["history"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1]["metadata"]["correlation_id"], "req-7");
    assert_eq!(entries[1]["metadata"]["actor"], "payment-service/http");
    assert!(entries[0]["metadata"]["correlation_id"].is_string());
    assert_eq!(
        entries[1]["event"],
        json!({ "cents": 500, "reference": "R1" })
    );
}

#[test]
fn if_match_names_the_version_that_a_command_is_for() {
    let (_place, server) = server();
    let pay = |key: &str, tag: &str| {
        let headers = [("idempotency-key", key), ("if-match", tag)];
        server.client.post("/fines/A1/payments", &headers, FIVE)
    };
    assert_problem(&pay("k1", "\"7\""), 412, "precondition-failed");
    assert_eq!(pay("k1", "\"1\"").header("etag"), Some("\"2\""));
    // The answer was lost and the request is sent again: it is still the same request.
    assert_eq!(
        pay("k1", "\"1\"").header("idempotent-replayed"),
        Some("true")
    );
    assert_problem(&pay("k2", "\"1\""), 412, "precondition-failed");
    assert_eq!(pay("k2", "*").status, 200);
    assert_problem(&pay("k3", "2"), 422, "bad-input");
}

#[test]
fn if_none_match_saves_sending_what_is_known() {
    let (_place, server) = server();
    for tag in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
        let reply = server.client.get("/fines/A1", &[("if-none-match", tag)]);
        assert_eq!(
            (reply.status, reply.header("etag")),
            (304, Some("\"1\"")),
            "{tag}"
        );
    }
    let reply = server
        .client
        .get("/fines/A1", &[("if-none-match", "\"2\"")]);
    assert_eq!(reply.status, 200);
}

#[test]
fn what_is_not_there_is_404() {
    let (_place, server) = server();
    let client = &server.client;
    assert_problem(&client.get("/fines/NOWHERE", &[]), 404, "unknown-fine");
    assert_problem(
        &client.get("/fines/NOWHERE/history", &[]),
        404,
        "unknown-fine",
    );
    assert_problem(&client.pay("NOWHERE", "k", FIVE), 404, "unknown-fine");
    assert_problem(
        &client.get("/fines/A1?version=2", &[]),
        404,
        "unknown-version",
    );
    assert_problem(&client.get("/fines/A1?version=0", &[]), 404, "unknown-fine");
    assert_problem(
        &client.get("/fines/A1?as_of=1999-12-31", &[]),
        404,
        "unknown-fine",
    );
    assert_problem(&client.get("/nothing", &[]), 404, "no-such-route");
}

#[test]
fn a_wrong_method_is_405_and_says_which_are_right() {
    let (_place, server) = server();
    let reply = server
        .client
        .send("DELETE", "/fines/A1", &[], None)
        .unwrap();
    assert_problem(&reply, 405, "no-such-method");
    assert_eq!(reply.header("allow"), Some("GET,HEAD"));
}

#[test]
fn what_the_fine_refuses_is_422() {
    let (_place, server) = server();
    let client = &server.client;
    assert_problem(&client.post("/fines", &[], FINE), 422, "refused");
    for (cents, detail) in [
        (0, "an amount must be more than zero, not EUR 0.00"),
        (-1, "an amount must be more than zero, not EUR -0.01"),
        (
            2101,
            "EUR 21.01 is more than the EUR 21.00 that are outstanding",
        ),
    ] {
        let reply = client.pay("A1", "k1", &json!({ "cents": cents }).to_string());
        assert_problem(&reply, 422, "refused");
        assert_eq!(reply.body["detail"], detail);
    }
    // A refused command has not used up its key.
    assert_eq!(client.pay("A1", "k1", r#"{"cents":2100}"#).status, 200);
    let reply = client.pay("A1", "k2", FIVE);
    assert_problem(&reply, 422, "refused");
    assert_eq!(reply.body["detail"], "the fine is already fully paid");
    client.post("/fines/A1/penalty", &[], r#"{"amount_cents":4200}"#);
    let reply = client.post("/fines/A1/penalty", &[], r#"{"amount_cents":4200}"#);
    assert_eq!(reply.body["detail"], "a penalty was already added");
}

#[test]
fn input_that_cannot_be_used_is_422() {
    let (_place, server) = server();
    let client = &server.client;
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"cents":1.5}"#,
        r#"{"cents":"5"}"#,
        r#"{"cents":1,"tip":2}"#,
    ] {
        assert_problem(&client.pay("A1", "k", body), 422, "bad-input");
    }
    let path = "/fines/A1/payments";
    assert_problem(&client.post(path, &[], FIVE), 422, "bad-input");
    for key in ["", &"k".repeat(256)] {
        assert_problem(&client.pay("A1", key, FIVE), 422, "bad-input");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    assert_problem(&client.post(path, &twice, FIVE), 422, "bad-input");
    for id in [" A1", "", &"A".repeat(256)] {
        let body = json!({ "fine_id": id, "amount_cents": 1 }).to_string();
        assert_problem(&client.post("/fines", &[], &body), 422, "bad-input");
    }
    for query in [
        "version=x",
        "as_of=x",
        "versoin=1",
        "version=1&as_of=2020-01-01",
    ] {
        assert_problem(
            &client.get(&format!("/fines/A1?{query}"), &[]),
            422,
            "bad-input",
        );
    }
    assert_problem(&client.get("/fines/%FF", &[]), 422, "bad-input");
    assert_eq!(client.pay("A1", &"k".repeat(255), FIVE).status, 200);
}

#[test]
fn a_fine_can_be_issued_with_all_that_is_known_of_it() {
    let (_place, server) = server();
    let body = |id: &str, dismissal: &str| {
        json!({
            "fine_id": id, "amount_cents": 2100, "article": "7", "points": 2,
            "vehicle_class": "A", "officer": "561", "dismissal": dismissal,
        })
    };
    let issue = |id, dismissal| {
        server
            .client
            .post("/fines", &[], &body(id, dismissal).to_string())
    };
    assert_eq!(issue("A2", "NIL").body["outstanding_cents"], 2100);
    assert_eq!(issue("A3", "K").body["outstanding_cents"], 0);
    assert_problem(&server.client.pay("A3", "k", FIVE), 422, "refused");
    let history = server.client.get("/fines/A2/history", &[]).body;
    let event = &history["history"][0]["event"];
    assert_eq!(
        (&event["officer"], &event["points"]),
        (&json!("561"), &json!(2))
    );
}

#[test]
fn a_body_that_is_too_large_is_413() {
    let (_place, server) = server();
    let body = json!({ "cents": 1, "reference": "x".repeat(20_000) }).to_string();
    let reply = server.client.pay("A1", "k", &body);
    assert_problem(&reply, 413, "unreadable-body");
}

#[test]
fn a_location_is_an_address_that_works() {
    let (_place, server) = server();
    let body = json!({ "id": "Ä 1/2?", "cents": 1 }).to_string();
    let issued = server.client.post("/fines", &[], &body);
    assert_eq!(issued.header("location"), Some("/fines/%C3%84%201%2F2%3F"));
    let shown = server.client.get(issued.header("location").unwrap(), &[]);
    assert_eq!((shown.status, &shown.body["fine"]), (200, &json!("Ä 1/2?")));
}

#[cfg(unix)]
#[test]
fn a_server_that_is_asked_to_stop_stops() {
    let (_place, server) = server();
    assert_eq!(server.terminate(), 0);
}

#[test]
fn with_json_the_address_is_an_object() {
    let place = Place::new();
    let server = place.serve_with(&["--json"]);
    assert_eq!(server.client.get("/healthz", &[]).status, 200);
}

#[test]
fn an_address_in_use_is_one_clear_error() {
    let place = Place::new();
    let taken = place.serve();
    let run = place.run(&["--json", "serve", "--listen", taken.client.address()]);
    assert_eq!(run.code, 1);
    assert!(
        run.json()["error"]
            .as_str()
            .unwrap()
            .starts_with("cannot listen at 127.0.0.1:")
    );
}
