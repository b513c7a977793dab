//! The guided tour: what the framework does, shown on a fine of its own.

#![expect(
    clippy::inconsistent_digit_grouping,
    reason = "amounts are grouped as euro and cents"
)]

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use chrono::Utc;
use rehydrate::{
    Batch, CommandContext, EventStore, ExecuteError, Expected, NewEvent, RecordedTime, Repository,
    SchemaVersion, Version,
};
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

use crate::fine::{Fine, FineId, Issued, Refusal};
use crate::import::{self, Rejected, Watch};
use crate::money::Cents;
use crate::view::HistoryView;

const SAMPLE: &str = include_str!("../sample.csv");

/// What a tour has shown.
#[derive(Clone, Debug, Serialize)]
pub struct Tour {
    /// The fine that it issued.
    pub fine: FineId,
    /// What it did, in order.
    pub steps: Vec<Step>,
    /// What to try next.
    pub next: Vec<String>,
}

/// One thing that a tour has shown.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What it is about.
    pub title: &'static str,
    /// What happened.
    pub shows: Vec<String>,
}

/// Gives the tour. Each one issues a fine of its own, so it can be taken again on the same store.
///
/// # Errors
/// The store failed, or a step did not go as the framework promises.
pub async fn run(fines: &Repository<Fine>) -> anyhow::Result<Tour> {
    let random = Uuid::new_v4().simple().to_string();
    let fine = FineId(format!("TOUR-{}", &random[..8]));
    let steps = vec![
        history(fines).await?,
        accepted(fines, &fine).await?,
        refused(fines, &fine).await?,
        retried(fines, &fine).await?,
        repeated(fines, &fine).await?,
        upcast(fines, &fine).await?,
        snapshot(fines, &fine).await?,
        past(fines, &fine).await?,
    ];
    let next = vec![
        format!("payment-service history {fine}"),
        "payment-service fine SAMPLE-2 --as-of 2021-07-19".to_owned(),
        "payment-service import FILE.csv, then payment-service reconcile".to_owned(),
        "payment-service serve, then curl http://127.0.0.1:8080/fines/SAMPLE-2".to_owned(),
    ];
    Ok(Tour { fine, steps, next })
}

async fn history(fines: &Repository<Fine>) -> anyhow::Result<Step> {
    let summary = import::import(fines, SAMPLE.as_bytes(), &mut Unwatched).await?;
    Ok(Step {
        title: "History is imported as events, each with its own date",
        shows: vec![format!(
            "{} rows of a bundled file: {} appended, {} skipped because they were there",
            summary.rows, summary.appended, summary.skipped
        )],
    })
}

async fn accepted(fines: &Repository<Fine>, id: &FineId) -> anyhow::Result<Step> {
    let fine = Issued {
        amount: Cents(200_00),
        ..Issued::default()
    };
    let issued = fines.execute(id, |state| state.issue(fine.clone())).await?;
    let paid = pay(fines, id, Cents(20_00)).await?;
    Ok(Step {
        title: "A command is accepted: load, decide, append",
        shows: vec![
            format!(
                "{id} issued over {}, version {}",
                issued.amount,
                issued.version()
            ),
            format!("{} paid, version {}", paid.paid, paid.version()),
        ],
    })
}

async fn refused(fines: &Repository<Fine>, id: &FineId) -> anyhow::Result<Step> {
    let mut shows = Vec::new();
    for cents in [Cents(0), Cents(500_00)] {
        match pay(fines, id, cents).await {
            Err(ExecuteError::Rejected(refusal)) => shows.push(format!("refused: {refusal}")),
            Err(error) => return Err(error.into()),
            Ok(_) => bail!("a payment of {cents} was not refused"),
        }
    }
    Ok(Step {
        title: "A command is refused, with the domain's own typed error",
        shows,
    })
}

async fn retried(fines: &Repository<Fine>, id: &FineId) -> anyhow::Result<Step> {
    let first_time = AtomicBool::new(true);
    let paid = fines
        .execute(id, |fine| {
            if first_time.swap(false, Ordering::Relaxed) {
                // Somebody else is faster: their payment is stored between our load and our append.
                // Had it failed, there would be one attempt, which is checked below.
                let theirs = pay(fines, id, Cents(7_00));
                let _ = block_in_place(|| Handle::current().block_on(theirs));
            }
            fine.receive_payment(Cents(5_00), None)
        })
        .await?;
    if paid.attempts() < 2 {
        bail!("there was no conflict to be retried");
    }
    Ok(Step {
        title: "A command meets a conflict and is decided again on the newer state",
        shows: vec![format!(
            "attempts: {}, version {}, {} paid: both payments are there",
            paid.attempts(),
            paid.version(),
            paid.paid
        )],
    })
}

async fn repeated(fines: &Repository<Fine>, id: &FineId) -> anyhow::Result<Step> {
    let key = format!("tour/{id}");
    let mut shows = Vec::new();
    for _ in 0..2 {
        let context = CommandContext::new().idempotency_key(&key);
        let paid = fines
            .execute_with(id, context, |fine| fine.receive_payment(Cents(3_00), None))
            .await?;
        shows.push(format!(
            "events appended: {}, version {}",
            paid.appended(),
            paid.version()
        ));
    }
    Ok(Step {
        title: "A command is sent twice with one idempotency key and happens once",
        shows,
    })
}

async fn upcast(fines: &Repository<Fine>, id: &FineId) -> anyhow::Result<Step> {
    let payload = r#"{"euro":"7.50"}"#;
    let event = NewEvent::new("payment_received", SchemaVersion(1), payload);
    let before = fines.load(id).await?;
    let batch = Batch::new(vec![event], RecordedTime::Clock(Utc::now()));
    let expected = Expected::Exactly(before.version());
    fines
        .store()
        .append(before.stream(), expected, &batch)
        .await?;
    let history = HistoryView::read(fines, id.clone()).await?;
    let entry = history
        .and_then(|history| history.history.into_iter().last())
        .context("the fine has no history")?;
    Ok(Step {
        title: "An event that an older release wrote is upcast when it is read",
        shows: vec![
            format!("stored: schema version {}, {payload}", entry.schema_version),
            format!("read as: {}", entry.event),
        ],
    })
}

async fn snapshot(fines: &Repository<Fine>, id: &FineId) -> anyhow::Result<Step> {
    for _ in 0..17 {
        pay(fines, id, Cents(1_00)).await?;
    }
    let with = fines.load(id).await?;
    let without = fines.clone().without_snapshots().load(id).await?;
    if *with != *without {
        bail!("the snapshot and the events do not agree");
    }
    let replayed = with.replayed();
    Ok(Step {
        title: "A snapshot saves the replay of what it covers, and changes nothing else",
        shows: vec![
            format!(
                "with the snapshot of version {}: {} events replayed",
                replayed.snapshot, replayed.events
            ),
            format!(
                "without: {} events replayed, the same state",
                without.replayed().events
            ),
        ],
    })
}

async fn past(fines: &Repository<Fine>, id: &FineId) -> anyhow::Result<Step> {
    let then = fines.load_at(id, Version(2)).await?;
    let now = fines.load(id).await?;
    let show = |version: Version, fine: &Fine| {
        let (paid, outstanding) = (fine.paid, fine.outstanding());
        format!("version {version}: {paid} paid, {outstanding} outstanding")
    };
    Ok(Step {
        title: "The state at an earlier version is still there",
        shows: vec![show(then.version(), &then), show(now.version(), &now)],
    })
}

async fn pay(
    fines: &Repository<Fine>,
    id: &FineId,
    cents: Cents,
) -> Result<rehydrate::Committed<Fine>, ExecuteError<Refusal>> {
    fines
        .execute(id, |fine| fine.receive_payment(cents, None))
        .await
}

impl fmt::Display for Tour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in (1..).zip(&self.steps) {
            writeln!(f, "{number}. {}", step.title)?;
            for line in &step.shows {
                writeln!(f, "     {line}")?;
            }
        }
        write!(f, "Try next:")?;
        for line in &self.next {
            write!(f, "\n     {line}")?;
        }
        Ok(())
    }
}

/// The sample has no faults to be reported.
struct Unwatched;

impl Watch for Unwatched {
    fn read(&mut self, _bytes: u64) {}

    fn rejected(&mut self, _row: &Rejected) {}
}
