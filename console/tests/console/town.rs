//! A small town that fines its motorists, on two stores, and its console.

use std::io::Write;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Parser, Subcommand};
use rehydrate::{
    Aggregate, Attempt, BoxError, Event, EventOf, EventStore, Failure, ManualClock, MemoryStore,
    Projection, Reaction, Reactor, ReadModel, Recorded, Repository, RowScope, Runner, Start,
};
use rehydrate_console::{Console, Exit, Ops};
use rehydrate_sqlx::SqliteStore;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;

#[derive(Event, Serialize, Deserialize, Clone)]
pub(crate) enum FineEvent {
    Issued { cents: i64 },
    Paid { cents: i64 },
}

#[derive(Aggregate, Default, Serialize, Deserialize, Clone)]
#[aggregate(id = String, event = FineEvent, snapshot(every = 2))]
pub(crate) struct Fine {
    owed: i64,
    paid: i64,
}

impl ApplyFineEvent for Fine {
    fn issued(&mut self, cents: i64) {
        self.owed += cents;
    }
    fn paid(&mut self, cents: i64) {
        self.paid += cents;
    }
}

#[derive(ReadModel, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[read_model(table = "balances")]
pub(crate) struct Balance {
    #[read_model(key)]
    fine: String,
    owed: i64,
    paid: i64,
}

/// The first version overlooks a second payment, the second does not.
pub(crate) struct Balances<const V: u32>;

impl<const V: u32> Projection for Balances<V> {
    type Events = Fine;
    type Row = Balance;
    const NAME: &'static str = "balances";
    const VERSION: u32 = V;
    const ROWS: RowScope = RowScope::PerStream;

    fn keys(
        &self,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<impl IntoIterator<Item = String>, BoxError> {
        Ok([event.stream_id.to_owned()])
    }

    fn apply(
        &self,
        row: &mut Option<Balance>,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<(), BoxError> {
        let fine = event.stream_id.to_owned();
        let balance = row.get_or_insert(Balance {
            fine,
            owed: 0,
            paid: 0,
        });
        match event.event {
            FineEvent::Issued { cents } => balance.owed += cents,
            FineEvent::Paid { cents: 666 } if V == 1 => return Err("a beast's number".into()),
            FineEvent::Paid { .. } if V == 1 && balance.paid > 0 => {}
            FineEvent::Paid { cents } => balance.paid += cents,
        }
        Ok(())
    }
}

#[derive(ReadModel, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[read_model(table = "last_payments")]
pub(crate) struct LastPayment {
    #[read_model(key)]
    fine: String,
    cents: i64,
}

pub(crate) struct LastPayments;

impl Projection for LastPayments {
    type Events = Fine;
    type Row = LastPayment;
    const NAME: &'static str = "last_payments";
    const IDEMPOTENT: bool = true;

    fn keys(
        &self,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<impl IntoIterator<Item = String>, BoxError> {
        Ok([event.stream_id.to_owned()])
    }

    fn apply(
        &self,
        row: &mut Option<LastPayment>,
        event: &Recorded<'_, EventOf<Self>>,
    ) -> Result<(), BoxError> {
        let fine = event.stream_id.to_owned();
        if let FineEvent::Paid { cents } = event.event {
            *row = Some(LastPayment { fine, cents });
        }
        Ok(())
    }
}

pub(crate) struct Letters;

impl Reactor for Letters {
    type Events = Fine;
    const NAME: &'static str = "letters";
    const START: Start = Start::Beginning;

    async fn react(
        &self,
        event: &Recorded<'_, FineEvent>,
        _attempt: &Attempt,
    ) -> Result<Reaction, Failure> {
        match event.event {
            FineEvent::Paid { cents: 666 } => Err(Failure::poison("no letter for that")),
            _ => Ok(Reaction::Done),
        }
    }
}

pub(crate) struct Town {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: TempDir,
}

/// The same town on each kind of store.
pub(crate) async fn towns() -> [Town; 2] {
    let memory: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteStore::open(folder.path().join("fines.db")).await;
    let sqlite: Arc<dyn EventStore> = Arc::new(file.unwrap());
    [
        Town::new(memory, tempfile::tempdir().unwrap()),
        Town::new(sqlite, folder),
    ]
}

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

impl Town {
    fn new(store: Arc<dyn EventStore>, folder: TempDir) -> Self {
        Self {
            store,
            clock: Arc::new(ManualClock::at(noon())),
            folder,
        }
    }

    pub(crate) async fn record(&self, fine: &str, event: FineEvent) {
        let fines: Repository<Fine> = Repository::new(Arc::clone(&self.store));
        let fines = fines.with_clock(Arc::clone(&self.clock));
        let decided = |_: &Fine| Ok::<_, BoxError>(event.clone());
        fines.execute(&fine.to_owned(), decided).await.unwrap();
        self.clock.advance(TimeDelta::minutes(1));
    }

    /// Two fines; the second payment for the first is the one that version 1 overlooks.
    pub(crate) async fn with_payments(self) -> Self {
        self.record("A1", FineEvent::Issued { cents: 5000 }).await;
        self.record("A1", FineEvent::Paid { cents: 2000 }).await;
        self.record("B2", FineEvent::Issued { cents: 900 }).await;
        self.record("A1", FineEvent::Paid { cents: 3000 }).await;
        self
    }

    pub(crate) async fn caught_up(self) -> Self {
        self.catch_up().await;
        self
    }

    pub(crate) async fn catch_up(&self) {
        let runner = Runner::new(Arc::clone(&self.store)).with_clock(Arc::clone(&self.clock));
        let runner = runner.projection(Balances::<1>).projection(LastPayments);
        runner.catch_up().await.unwrap();
    }

    pub(crate) fn console(&self) -> Console {
        Console::new(Arc::clone(&self.store))
            .aggregate::<Fine>()
            .projection(Balances::<2>)
            .projection(Balances::<1>)
            .projection(LastPayments)
            .with_clock(Arc::clone(&self.clock))
    }

    /// Carries out `ops …`.
    pub(crate) async fn ops(&self, line: &str) -> Ran {
        run(&self.console(), line).await
    }

    pub(crate) async fn json(&self, line: &str) -> Value {
        self.ops(&format!("{line} --json")).await.json()
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

pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

pub(crate) async fn run(console: &Console, line: &str) -> Ran {
    let words = ["town", "ops"].into_iter().chain(line.split_whitespace());
    let Command::Ops(ops) = Cli::try_parse_from(words).unwrap().command;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let out: &mut (dyn Write + Send) = &mut out;
        console.run_with(ops, out, &mut err).await
    };
    Ran {
        exit,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

/// The words of each line, so that a test reads like the table and does not count spaces.
pub(crate) fn words(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().map(|line| line.split_whitespace().collect());
    lines.collect()
}
