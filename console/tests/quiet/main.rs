//! What a panic says while `schema verify` runs. There is one panic hook for all threads, so this is
//! a program of its own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

use std::sync::Mutex;

use clap::{Parser, Subcommand};
use rehydrate::{
    Aggregate, Batch, Event, EventStore, Expected, MemoryStore, NewEvent, RecordedTime,
    SchemaVersion,
};
use rehydrate_console::{Console, Exit, Ops};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum LampEvent {
    #[event(history(LitV1))]
    Lit { watts: u64 },
}

#[derive(Deserialize)]
struct LitV1 {
    candles: u64,
}

impl From<LitV1> for LampEvent {
    fn from(old: LitV1) -> Self {
        assert!(old.candles != 13, "nobody has 13 candles");
        Self::Lit {
            watts: old.candles * 5,
        }
    }
}

#[derive(Aggregate, Default, Serialize)]
#[aggregate(id = String, event = LampEvent)]
struct Lamp {
    watts: u64,
}

impl ApplyLampEvent for Lamp {
    fn lit(&mut self, watts: u64) {
        self.watts = watts;
    }
}

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Ops(Ops),
}

/// What the hook of the application has heard.
static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn heard(words: &str) -> usize {
    let heard = HEARD.lock().unwrap();
    heard.iter().filter(|text| text.contains(words)).count()
}

fn panic_elsewhere() {
    let elsewhere = std::thread::spawn(|| panic!("elsewhere"));
    assert!(elsewhere.join().is_err());
}

async fn store() -> MemoryStore {
    let store = MemoryStore::new();
    for candles in [1, 13, 13, 13] {
        let payload = format!(r#"{{"candles":{candles}}}"#);
        let event = NewEvent::new("lit", SchemaVersion(1), payload);
        let time = RecordedTime::Clock("2026-03-01T12:00:00Z".parse().unwrap());
        let batch = Batch::new(vec![event], time);
        let stream = "lamp/a".parse().unwrap();
        store.append(&stream, Expected::Any, &batch).await.unwrap();
    }
    store
}

#[tokio::test]
async fn an_upcast_that_panics_is_in_the_report_and_is_not_printed_for_each_event() {
    std::panic::set_hook(Box::new(|info| {
        HEARD.lock().unwrap().push(info.to_string());
    }));
    let console = Console::new(store().await).aggregate::<Lamp>();
    for round in 1..=2 {
        let line = ["lamps", "ops", "schema", "verify"];
        let Command::Ops(ops) = Cli::try_parse_from(line).unwrap().command;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = console.run_with(ops, &mut out, &mut err).await;
        let (out, err) = (String::from_utf8(out).unwrap(), String::from_utf8(err));
        assert_eq!((exit, err.unwrap().as_str()), (Exit::Attention, ""));
        let first = "\
lamp `lit` v1: 3 of 4 events cannot be read
  first: lamp/a version 2, position 2: was refused by the upcast from quiet::LitV1 to quiet::LampEvent: panicked: nobody has 13 candles
";
        assert!(out.contains(first), "{out}");
        assert_eq!(heard("13 candles"), 0);
        // The hook is the application's again.
        panic_elsewhere();
        assert_eq!(heard("elsewhere"), round);
    }
}
