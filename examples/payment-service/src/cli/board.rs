//! A second program, which knows the payment service by what it publishes alone.
//!
//! It keeps the balances of all fines in a store of its own, from the broker, and prints what they
//! come to; or it folds what the broker got in a span of time, and stores nothing.

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use rehydrate::{Begin, Feed, Rows, Source, Until, Window};
use serde::Serialize;

use super::output::Output;
use super::success_if;
use crate::money::Cents;
use crate::read_models::Balances;
use crate::{relay, time};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  not done, or some fines wait: an event of theirs could not be taken, and their balances are not
     what they should be
  2  the command line is wrong";

/// Keeps the balances of all fines from what the payment service publishes, and prints their sums.
#[derive(Debug, Parser)]
#[command(name = "payment-board", version, after_help = help())]
struct Cli {
    /// The broker.
    #[arg(long, value_name = "URL")]
    from: String,
    /// Where the balances are kept.
    #[arg(
        long,
        value_name = "URL",
        default_value = "sqlite://board.db",
        conflicts_with_all = ["since", "until"]
    )]
    store: String,
    /// The balances of what the broker got at this time or on this day (UTC), or later, by its
    /// clock, and of nothing else; nothing is stored.
    #[arg(long, value_name = "TIME", value_parser = time::beginning)]
    since: Option<DateTime<Utc>>,
    /// The balances of what the broker got before this time or day (UTC), by its clock, and of
    /// nothing else; nothing is stored.
    #[arg(long, value_name = "TIME", value_parser = time::beginning)]
    until: Option<DateTime<Utc>>,
    /// Print one JSON object, and nothing else, on stdout.
    #[arg(long)]
    json: bool,
}

/// What the balances come to.
#[derive(Debug, Serialize)]
struct Board {
    events: u64,
    duplicates: u64,
    fines: u64,
    paid_cents: Cents,
    outstanding_cents: Cents,
    /// How many fines wait, because one of their events could not be taken.
    waiting: usize,
    #[serde(skip)]
    advice: String,
}

/// Runs the program.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    if let (Some(since), Some(until)) = (cli.since, cli.until)
        && since >= until
    {
        let wrong =
            format!("--until ({until}) is not after --since ({since}): nothing lies between");
        Cli::command()
            .error(ErrorKind::ValueValidation, wrong)
            .exit();
    }
    super::log_to_stderr();
    let output = Output::new(cli.json);
    match execute(cli, &output).await {
        Ok(code) => code,
        Err(error) => output.error(&error),
    }
}

async fn execute(cli: Cli, output: &Output) -> anyhow::Result<ExitCode> {
    let source = relay::from(&cli.from).await?;
    let board = if cli.since.is_some() || cli.until.is_some() {
        window(&source, cli.since, cli.until).await?
    } else {
        kept(source, &cli.store).await?
    };
    output.show(&board, &board)?;
    if board.waiting > 0 {
        output.note(&board.advice);
    }
    Ok(success_if(board.waiting == 0))
}

/// Brings the balances in a store up to date.
async fn kept(source: Arc<dyn Source>, store: &str) -> anyhow::Result<Board> {
    rehydrate_sqlx::migrate(store).await?;
    let store = rehydrate_sqlx::connect(store).await?;
    let feed = Feed::new(store.clone(), source, Balances);
    let fed = feed.run_to_end().await?;
    let total = Rows::<Balances>::new(store)
        .all()
        .total(["paid_cents", "outstanding_cents"])
        .await?;
    let [paid, outstanding] = total.sums;
    let name = feed.name();
    Ok(Board {
        events: fed.events,
        duplicates: fed.duplicates,
        fines: total.rows,
        paid_cents: Cents(paid),
        outstanding_cents: Cents(outstanding),
        waiting: fed.parked,
        advice: format!(
            "an event of these fines could not be taken: see `payment-service --store URL ops dead-letters list {name}` with the store of this program, retry or skip what it shows, then run this again"
        ),
    })
}

/// Folds what the broker got in a span of time.
async fn window(
    source: &dyn Source,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> anyhow::Result<Board> {
    let begin = since.map_or(Begin::Beginning, Begin::At);
    let until = until.map_or(Until::End, Until::Before);
    let window: Window<Balances> = Feed::fold(source, Balances, begin, until).await?;
    let rows = window.rows();
    let parked = window.parked().iter();
    let parked: Vec<String> = parked
        .map(|(stream, error)| format!("an event of {stream} cannot be taken: {error}"))
        .collect();
    Ok(Board {
        events: window.events(),
        duplicates: window.duplicates(),
        fines: rows.len().try_into()?,
        paid_cents: rows.iter().map(|row| row.paid_cents).sum(),
        outstanding_cents: rows.iter().map(|row| row.outstanding_cents).sum(),
        waiting: parked.len(),
        advice: parked.join("\n"),
    })
}

fn help() -> String {
    format!("{}\n\n{EXIT_CODES}", relay::ADDRESSES)
}

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} new events, {} seen before; {} fines: {} paid, {} outstanding",
            self.events, self.duplicates, self.fines, self.paid_cents, self.outstanding_cents
        )?;
        match self.waiting {
            0 => Ok(()),
            1 => f.write_str("; 1 fine waits"),
            more => write!(f, "; {more} fines wait"),
        }
    }
}
