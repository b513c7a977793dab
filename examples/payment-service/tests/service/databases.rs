//! The same commands on every database, with the same results.

use rehydrate_tests::stores;
use serde_json::Value;

use crate::program::Place;

const HISTORY: &str = "\
fine_id,date,activity,amount,expense,payment,total_paid,article,points,vehicle_class,officer,dismissal,notification_type,last_sent
D1,2020-03-01,Create Fine,40.00,,,0.00,7,0,A,1,NIL,,
D2,2020-03-01,Create Fine,60.00,,,0.00,7,0,A,1,NIL,,
D1,2020-03-20,Send Fine,,12.50,,,,,,,,,
D1,2020-04-02,Payment,,,20.00,20.00,,,,,,,
D1,2020-04-02,Payment,,,20.00,40.00,,,,,,,
D2,2020-05-01,Payment,,,10.00,15.00,,,,,,,
D9,2020-05-02,Payment,,,10.00,10.00,,,,,,,
";

/// What each command prints and how it ends.
fn results(url: &str) -> Vec<(i32, Value)> {
    let place = Place::new();
    let file = place.file("history.csv", HISTORY);
    let file = file.to_str().unwrap();
    let commands: [&[&str]; 6] = [
        &["import", file],
        &["import", file],
        &["reconcile"],
        &["fine", "D1"],
        &["fine", "D1", "--as-of", "2020-03-20"],
        &["history", "D2"],
    ];
    let results = commands.map(|command| {
        let run = place.run(&[&["--json", "--store", url], command].concat());
        (run.code, run.json())
    });
    results.into()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn every_database_gives_the_same_results() {
    let on_sqlite = results("sqlite://payments.db");
    let codes: Vec<i32> = on_sqlite.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [1, 1, 1, 0, 0, 0], "{on_sqlite:#?}");
    assert_eq!(on_sqlite[0].1["appended"], 6);
    assert_eq!(on_sqlite[2].1["unreconciled"][0]["fine"], "D2");
    let places = runtime().block_on(async {
        [
            stores::Place::on_postgres().await,
            stores::Place::on_mysql().await,
        ]
    });
    for place in places.into_iter().flatten() {
        let there = results(place.url());
        for (one, other) in on_sqlite.iter().zip(there) {
            assert_eq!(without_event_ids(&one.1), without_event_ids(&other.1));
            assert_eq!(one.0, other.0);
        }
    }
}

/// Ids of events are new in every store.
fn without_event_ids(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(entries) = value.get_mut("history").and_then(Value::as_array_mut) {
        for entry in entries {
            if let Some(entry) = entry.as_object_mut() {
                entry.remove("event_id");
            }
        }
    }
    value
}
