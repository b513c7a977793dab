//! Several servers on one store: one of them keeps the read models, until it is killed.

use std::thread;

use rehydrate_tests::stores;
use serde_json::json;

use crate::program::{Client, Place};

const EACH: usize = 40;

/// Issues fines and pays each of them with 700 cents; returns the position of the last payment.
fn pay(client: &Client, name: &str) -> i64 {
    for number in 0..EACH {
        let fine = format!("{name}-{number}");
        let issue = json!({ "fine_id": fine, "amount_cents": 700 }).to_string();
        assert_eq!(client.post("/fines", &[], &issue).status, 201);
        let paid = client.pay(&fine, &fine, &json!({ "cents": 700 }).to_string());
        assert_eq!(paid.status, 200, "{paid:?}");
    }
    let health = client.get("/healthz", &[]).body;
    health["position"].as_i64().unwrap()
}

fn the_leader_is_killed(store: &str) {
    let place = Place::new();
    let arguments = ["--store", store];
    let mut servers: Vec<_> = (0..3).map(|_| place.serve_with(&arguments)).collect();
    let mut rounds = 0;
    let mut position = 0;
    // Each in turn, in the middle of the payments that the others take.
    while servers.len() > 1 {
        let killed = servers.remove(0);
        let clients: Vec<Client> = servers.iter().map(|server| server.client.clone()).collect();
        let paying = clients.into_iter().enumerate().map(|(number, client)| {
            let name = format!("r{rounds}c{number}");
            thread::spawn(move || pay(&client, &name))
        });
        let paying: Vec<_> = paying.collect();
        killed.kill();
        let positions = paying.into_iter().map(|thread| thread.join().unwrap());
        position = positions.max().unwrap();
        rounds += 1;
    }
    let paid = 3 * EACH;
    let client = &servers[0].client;
    let takings = client.get(&format!("/takings?position={position}"), &[]);
    assert_eq!(takings.status, 200, "{takings:?}");
    let days = takings.body["days"].as_array().unwrap().clone();
    // More than one only around midnight.
    let sum = |column: &str| {
        days.iter()
            .map(|day| day[column].as_i64().unwrap())
            .sum::<i64>()
    };
    assert_eq!(sum("payments"), i64::try_from(paid).unwrap());
    assert_eq!(sum("cents"), i64::try_from(paid * 700).unwrap());
    let fines = client.get(&format!("/fines?position={position}"), &[]);
    assert_eq!(fines.body["fines"].as_array().unwrap().len(), paid);
}

#[test]
fn who_is_left_takes_over_and_no_payment_counts_twice() {
    the_leader_is_killed("sqlite://payments.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let places = [
        runtime.block_on(stores::Place::on_postgres()),
        runtime.block_on(stores::Place::on_mysql()),
    ];
    for place in places.iter().flatten() {
        the_leader_is_killed(place.url());
    }
}
