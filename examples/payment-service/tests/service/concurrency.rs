//! Many clients at once, and a server that is killed.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::program::{Client, Place};

const PATIENCE: Duration = Duration::from_secs(60);

fn issue(client: &Client, fine: &str) {
    let body = json!({ "fine_id": fine, "amount_cents": 100_000_000 }).to_string();
    assert_eq!(client.post("/fines", &[], &body).status, 201);
}

/// How often each reference was paid.
fn references(client: &Client, fine: &str) -> HashMap<String, usize> {
    let history = client.get(&format!("/fines/{fine}/history"), &[]).body;
    let mut references = HashMap::new();
    for entry in history["history"].as_array().unwrap() {
        if let Value::String(reference) = &entry["event"]["reference"] {
            *references.entry(reference.clone()).or_insert(0) += 1;
        }
    }
    references
}

#[test]
fn of_200_concurrent_payments_each_key_is_one_event() {
    let place = Place::new();
    let server = place.serve();
    issue(&server.client, "A1");
    let payments: Vec<_> = (0..200)
        .map(|number| {
            let client = server.client.clone();
            thread::spawn(move || {
                let key = format!("key-{}", number % 100);
                let body = json!({ "cents": 500, "reference": key }).to_string();
                let reply = client.pay("A1", &key, &body);
                (key, reply)
            })
        })
        .collect();
    let mut versions: HashMap<String, HashSet<String>> = HashMap::new();
    let mut replayed = 0;
    for payment in payments {
        let (key, reply) = payment.join().unwrap();
        assert_eq!(reply.status, 200, "{reply:?}");
        let version = reply.header("etag").unwrap().to_owned();
        versions.entry(key).or_default().insert(version);
        replayed += usize::from(reply.header("idempotent-replayed").is_some());
    }
    assert_eq!(versions.len(), 100);
    assert_eq!(replayed, 100);
    assert!(versions.values().all(|versions| versions.len() == 1));
    let references = references(&server.client, "A1");
    assert_eq!(references.len(), 100);
    assert!(references.values().all(|times| *times == 1));
    let fine = server.client.get("/fines/A1", &[]).body;
    assert_eq!(
        (&fine["version"], &fine["paid_cents"]),
        (&json!(101), &json!(50_000))
    );
}

#[test]
fn an_acknowledged_payment_survives_a_killed_server_and_is_there_once() {
    let place = Place::new();
    let server = place.serve();
    let fines = ["A1", "A2", "A3"];
    for fine in fines {
        issue(&server.client, fine);
    }
    let (acknowledge, acknowledged) = mpsc::channel();
    let payers: Vec<_> = (0..8)
        .map(|payer| {
            let client = server.client.clone();
            let acknowledge = acknowledge.clone();
            thread::spawn(move || pay_until_cut_off(&client, &fines, payer, &acknowledge))
        })
        .collect();
    drop(acknowledge);
    let mut before: Vec<_> = (0..200)
        .map(|_| acknowledged.recv_timeout(PATIENCE).unwrap())
        .collect();
    server.kill();
    for payer in payers {
        payer.join().unwrap();
    }
    before.extend(acknowledged);

    let server = place.serve();
    let mut paid = HashMap::new();
    for fine in fines {
        paid.insert(fine, references(&server.client, fine));
        assert!(paid[fine].values().all(|times| *times == 1));
    }
    for (fine, key, version) in before {
        assert!(
            paid[fine].contains_key(&key),
            "{key} was acknowledged and is gone"
        );
        let again = server.client.pay(fine, &key, &payment(&key));
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(again.header("etag"), Some(version.as_str()));
    }
}

fn payment(key: &str) -> String {
    json!({ "cents": 1, "reference": key }).to_string()
}

fn pay_until_cut_off(
    client: &Client,
    fines: &[&'static str],
    payer: usize,
    acknowledge: &mpsc::Sender<(&'static str, String, String)>,
) {
    for (number, fine) in fines.iter().cycle().enumerate() {
        let key = format!("payer-{payer}/{number}");
        let path = format!("/fines/{fine}/payments");
        let headers = [("idempotency-key", key.as_str())];
        match client.send("POST", &path, &headers, Some(&payment(&key))) {
            Ok(reply) if reply.status == 200 => {
                let version = reply.header("etag").unwrap().to_owned();
                acknowledge.send((*fine, key, version)).unwrap();
            }
            Ok(reply) => assert!(reply.status < 500, "{reply:?}"),
            Err(_) => return,
        }
    }
}
