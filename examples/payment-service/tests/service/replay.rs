//! The story: a bug had missed payments; the read model is rebuilt while the service runs.

use std::thread;
use std::time::{Duration, Instant};

use rehydrate_tests::stores;
use serde_json::{Value, json};

use crate::load::Load;
use crate::program::{Place, Run};
use crate::real_file::real_file;

/// A history in which D1 was paid twice on one day, and so was D3.
const HISTORY: &str = "\
fine_id,date,activity,amount,expense,payment,total_paid,article,points,vehicle_class,officer,dismissal,notification_type,last_sent
D1,2020-03-01,Create Fine,40.00,,,0.00,7,0,A,1,NIL,,
D2,2020-03-01,Create Fine,60.00,,,0.00,7,0,A,1,NIL,,
D3,2020-03-02,Create Fine,60.00,,,0.00,7,0,A,1,NIL,,
D1,2020-03-20,Send Fine,,12.50,,,,,,,,,
D1,2020-04-02,Payment,,,20.00,20.00,,,,,,,
D1,2020-04-02,Payment,,,21.00,41.00,,,,,,,
D2,2020-05-01,Payment,,,10.00,10.00,,,,,,,
D3,2020-05-01,Payment,,,10.00,10.00,,,,,,,
D3,2020-05-01,Payment,,,10.00,20.00,,,,,,,
";

/// Where a story happens, and what it begins with.
struct Story {
    place: Place,
    store: String,
    fines: i64,
    /// What version 1 says was paid.
    wrong_cents: i64,
    right_cents: i64,
    /// The fines that differ, with what was missed.
    missed: Vec<(&'static str, i64)>,
}

impl Story {
    fn small(store: &str) -> Self {
        let place = Place::new();
        let file = place.file("history.csv", HISTORY);
        let story = Self {
            place,
            store: store.to_owned(),
            fines: 3,
            wrong_cents: 4_000,
            right_cents: 7_100,
            missed: vec![("D1", 2_100), ("D3", 1_000)],
        };
        assert_eq!(story.run(&["import", file.to_str().unwrap()]).code, 0);
        story
    }

    fn real() -> Option<Self> {
        let file = real_file()?;
        let place = Place::new();
        let story = Self {
            place,
            store: "sqlite://payments.db".to_owned(),
            fines: 4_931,
            wrong_cents: 10_359_065,
            right_cents: 10_372_665,
            missed: vec![("A21568", 4_900), ("A22688", 8_700)],
        };
        assert_eq!(story.run(&["import", file.to_str().unwrap()]).code, 0);
        Some(story)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let given = ["--json", "--store", &self.store];
        self.place.run(&[&given, arguments].concat())
    }

    /// The output of a command that must succeed.
    fn json(&self, arguments: &[&str]) -> Value {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {}{}", run.stdout, run.stderr);
        run.json()
    }

    fn paid(&self, version: &str) -> i64 {
        let totals = self.json(&["--balances", version, "balances"]);
        totals["paid_cents"].as_i64().unwrap()
    }

    fn check_diff(&self, diff: &Value) {
        let counts = [&diff["added"], &diff["removed"], &diff["changed"]];
        assert_eq!(counts, [&json!(0), &json!(0), &json!(2)], "{diff:#}");
        let rows = diff["rows"].as_array().unwrap();
        let keys: Vec<_> = rows
            .iter()
            .map(|row| row["key"]["fine"].as_str().unwrap())
            .collect();
        let expected: Vec<_> = self.missed.iter().map(|(fine, _)| *fine).collect();
        assert_eq!(keys, expected);
        let mut missed = 0;
        for (row, (fine, cents)) in rows.iter().zip(&self.missed) {
            let paid = |side: &str| row[side]["paid_cents"].as_i64().unwrap();
            let difference = paid("shadow") - paid("live");
            assert_eq!(difference, *cents, "{fine}");
            missed += difference;
        }
        assert_eq!(missed, self.right_cents - self.wrong_cents);
    }

    /// Plan, rebuild, difference, swap, while the service is read and paid through.
    fn is_repaired_under_load(&self) {
        assert_eq!(self.paid("v1"), self.wrong_cents);
        let server = self
            .place
            .serve_with(&["--store", &self.store, "--balances", "v1"]);
        let fines = usize::try_from(self.fines).unwrap();
        let load = Load::start(&server.client, fines, self.wrong_cents);
        let plan = self.json(&["ops", "projections", "plan", "balances"]);
        assert!(plan["events"].as_u64().unwrap() > 0, "{plan:#}");
        self.json(&["ops", "projections", "rebuild", "balances"]);
        self.check_diff(&self.json(&["ops", "projections", "diff", "balances"]));
        self.json(&["ops", "projections", "swap", "balances"]);
        // Long enough for every reader to have seen the new rows.
        thread::sleep(Duration::from_millis(300));
        let report = load.stop();
        eprintln!("{}: {report}", self.store);
        assert_eq!(report.failed, [""; 0], "{report}");
        assert!(report.payments > 0 && report.reads > 0, "{report}");
        assert_eq!(self.paid("v2"), self.right_cents + report.paid_cents());
        let answer = server.client.get("/fines?outstanding_over=-1", &[]);
        let rows = answer.body["fines"].as_array().unwrap();
        let paid: i64 = rows
            .iter()
            .map(|row| row["paid_cents"].as_i64().unwrap())
            .sum();
        assert_eq!(paid, self.right_cents + report.paid_cents());
    }
}

#[test]
fn missed_payments_are_repaired_while_the_service_runs() {
    if let Some(story) = Story::real() {
        story.is_repaired_under_load();
    }
}

#[test]
fn so_they_are_on_every_database() {
    Story::small("sqlite://payments.db").is_repaired_under_load();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let places = [
        runtime.block_on(stores::Place::on_postgres()),
        runtime.block_on(stores::Place::on_mysql()),
    ];
    for place in places.iter().flatten() {
        Story::small(place.url()).is_repaired_under_load();
    }
}

#[test]
fn a_rebuild_and_a_swap_that_are_killed_go_on() {
    let Some(story) = Story::real() else {
        return;
    };
    assert_eq!(story.paid("v1"), story.wrong_cents);
    let rebuild = [
        "ops",
        "projections",
        "rebuild",
        "balances",
        "--batch",
        "500",
    ];
    let throttled = [&rebuild[..], &["--throttle", "20000"]].concat();
    for _ in 0..3 {
        story.killed_after(&throttled, Duration::from_millis(150));
    }
    let plan = story.json(&["ops", "projections", "plan", "balances"]);
    let left = plan["events"].as_u64().unwrap();
    assert!(0 < left && left < 17_203, "{plan:#}");
    story.json(&rebuild);
    story.check_diff(&story.json(&["ops", "projections", "diff", "balances"]));

    // Killed later each time, until one of them comes to its end.
    let mut patience = Duration::ZERO;
    while story.paid("v1") == story.wrong_cents {
        story.killed_after(&["ops", "projections", "swap", "balances"], patience);
        patience += Duration::from_millis(3);
        let paid = story.paid("v1");
        assert!(
            paid == story.wrong_cents || paid == story.right_cents,
            "{paid}"
        );
    }
    assert_eq!(story.paid("v2"), story.right_cents);
    let verified = story.json(&["ops", "verify", "--sample", "500"]);
    assert_eq!(verified["is_fine"], true, "{verified:#}");
}

impl Story {
    /// Runs a command, and kills it after a time unless it has ended.
    fn killed_after(&self, arguments: &[&str], patience: Duration) {
        let given = ["--json", "--store", &self.store];
        let mut process = self.place.start(&[&given, arguments].concat());
        let begun = Instant::now();
        while begun.elapsed() < patience && process.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        let _ = process.kill();
        process.wait().unwrap();
    }
}
