//! The program `rehydrate`, on a log that it knows nothing of.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

use std::process::{Command, Output, Stdio};

use rehydrate::{
    Batch, EventStore as _, Expected, NewEvent, RecordedTime, SchemaVersion, StreamId,
};
use rehydrate_sqlx::SqliteStore;
use serde_json::{Value, json};
use tempfile::TempDir;

struct Log {
    folder: TempDir,
}

impl Log {
    async fn new() -> Self {
        let log = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let store = SqliteStore::open(log.folder.path().join("log.db")).await;
        let store = store.unwrap();
        for (stream, cents) in [("fine/A1", 500), ("car/B2", 900), ("fine/A1", 100)] {
            let payload = json!({ "cents": cents }).to_string();
            let event = NewEvent::new("paid", SchemaVersion::FIRST, payload);
            let at = "2026-03-01T12:00:00Z".parse().unwrap();
            let batch = Batch::new(vec![event], RecordedTime::Clock(at));
            let stream: StreamId = stream.parse().unwrap();
            let appended = store.append(&stream, Expected::Any, &batch).await;
            appended.unwrap();
        }
        log
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite://{}", self.folder.path().join(name).display())
    }

    fn run(&self, line: &str) -> Output {
        let url = self.url("log.db");
        rehydrate(line)
            .env("REHYDRATE_STORE", url)
            .output()
            .unwrap()
    }

    fn json(&self, line: &str) -> Value {
        let output = self.run(&format!("{line} --json"));
        assert!(output.status.success(), "{line}: {}", err(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn rehydrate(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rehydrate"));
    command.args(line.split_whitespace());
    command.env_remove("REHYDRATE_STORE");
    command
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn a_log_is_looked_at_without_its_types() {
    let log = Log::new().await;
    let categories = log.json("streams");
    let expected = json!([
        { "category": "car", "events": 1 },
        { "category": "fine", "events": 2 },
    ]);
    assert_eq!(categories["categories"], expected);
    assert_eq!(log.json("streams fine")["streams"], json!(["A1"]));
    let events = log.json("events fine/A1");
    assert_eq!(events["events"][1]["position"], 3);
    assert_eq!(events["events"][1]["payload"], json!({ "cents": 100 }));
    assert_eq!(log.json("status")["watermark"], 3);
    assert_eq!(log.json("lag")["consumers"], json!([]));
    assert_eq!(log.json("projections list")["projections"], json!([]));
    assert_eq!(log.json("dead-letters list")["dead_letters"], json!([]));
    assert_eq!(log.json("doctor")["findings"], json!([]));
    let census = log.json("schema census");
    assert_eq!(census["types"][1]["category"], "fine");
    assert_eq!(census["types"][1]["events"], 2);
    assert_eq!(census["is_fine"], Value::Null);
    let verify = log.run("schema verify");
    assert_eq!(verify.status.code(), Some(2));
    assert!(err(&verify).contains("knows no types"), "{}", err(&verify));
    let missing = log.run("events fine/Z9");
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(err(&missing), "error: fine/Z9 has no events\n");
}

#[tokio::test]
async fn the_tail_of_a_log_is_a_line_an_event() {
    let log = Log::new().await;
    let all = out(&log.run("tail --from 0"));
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(
        lines[1],
        r#"2  2026-03-01T12:00:00Z  car/B2 1  paid v1  {"cents":900}"#
    );
    let fines = out(&log.run("--json tail --category fine --from 1"));
    let event: Value = serde_json::from_str(&fines).unwrap();
    assert_eq!(event["position"], 3);
    assert_eq!(event["stream"], "fine/A1");
    assert_eq!(event["type"], "paid");
}

#[tokio::test]
async fn a_followed_tail_prints_events_as_they_happen() {
    use std::io::{BufRead as _, BufReader};

    let log = Log::new().await;
    let mut child = rehydrate("tail --follow --json --from 3")
        .env("REHYDRATE_STORE", log.url("log.db"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let store = SqliteStore::open(log.folder.path().join("log.db")).await;
    let event = NewEvent::new("issued", SchemaVersion::FIRST, "{}");
    let at = "2026-03-01T12:00:00Z".parse().unwrap();
    let batch = Batch::new(vec![event], RecordedTime::Clock(at));
    let stream = StreamId::new("fine", "N1").unwrap();
    let appended = store.unwrap().append(&stream, Expected::Any, &batch).await;
    appended.unwrap();
    let mut line = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["stream"], "fine/N1");
}

#[tokio::test]
async fn a_log_is_copied_to_a_new_store() {
    let log = Log::new().await;
    let target = log.url("copy.db");
    assert_eq!(log.json(&format!("copy {target}"))["copied"], 3);
    let store = log.run(&format!("--store {target} status --json"));
    let status: Value = serde_json::from_slice(&store.stdout).unwrap();
    assert_eq!(status["watermark"], 3);
}

#[tokio::test]
async fn a_mistyped_file_is_an_error_and_not_a_new_store() {
    let log = Log::new().await;
    let url = log.url("typo.db");
    let output = rehydrate(&format!("--store {url} status"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("typo.db"), "{}", err(&output));
    assert!(!log.folder.path().join("typo.db").exists());
    let made = rehydrate(&format!("--store {url} migrate")).output();
    assert!(made.unwrap().status.success());
    let output = rehydrate(&format!("status --store {url}"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", err(&output));
}

#[test]
fn without_a_store_the_command_line_is_wrong() {
    let output = rehydrate("status").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("--store URL"), "{}", err(&output));
}

#[test]
fn a_password_is_never_printed() {
    let url = "postgres://ada:hunter2@127.0.0.1:1/log";
    for line in [
        "--help".to_owned(),
        "status".to_owned(),
        "status --json".to_owned(),
        "status extra".to_owned(),
        format!("streams fine A1 {url}"),
        format!("--store oracle{url} status"),
        format!("--store {url} copy {url} --json"),
        format!("copy {url} {url}"),
        "streams fine A1 postgres://127.0.0.1/log?user=ada&password=hunter2".to_owned(),
        "projections rebuild balances".to_owned(),
    ] {
        let output = rehydrate(&line)
            .env("REHYDRATE_STORE", url)
            .output()
            .unwrap();
        let all = format!("{}{}", out(&output), err(&output));
        assert!(!all.contains("hunter2"), "{line}: {all}");
        assert_eq!(output.status.success(), line == "--help", "{line}: {all}");
    }
}
