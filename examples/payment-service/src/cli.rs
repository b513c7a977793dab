//! The command line.

pub mod board;

mod commands;
mod output;
mod progress;
mod read_models;

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use rehydrate::{Repository, Version};
use tracing_subscriber::EnvFilter;

use self::output::Output;
use crate::fine::{Fine, FineId};
use crate::penalties::Penalties;
use crate::read_models::BalancesVersion;
use crate::view::At;
use crate::{relay, time, tour};

const EXIT_CODES: &str = "\
Without a command it gives a guided tour.

Exit codes:
  0  done
  1  not done, or done with something to look at: rejected rows, fines that do not reconcile,
     an unknown fine, a store that fails
  2  the command line is wrong";

/// Collects traffic-fine payments: the worked example of rehydrate.
#[derive(Debug, Parser)]
#[command(name = "payment-service", version, after_help = EXIT_CODES)]
struct Cli {
    /// Where the events are.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        default_value = "sqlite://payments.db"
    )]
    store: String,
    /// Print one JSON object, and nothing else, on stdout.
    #[arg(long, global = true)]
    json: bool,
    /// With which version of the balances a new read model is made, or a rebuild is.
    #[arg(long, global = true, value_name = "VERSION", default_value = "v2")]
    balances: BalancesVersion,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take the history of fines from a CSV file; a second import of a row appends nothing.
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Compare each fine's payments with what the source says was paid.
    Reconcile,
    /// Show a fine, now or in the past.
    Fine {
        /// The fine.
        id: String,
        /// As it was at this version.
        #[arg(long, value_name = "N", conflicts_with = "as_of")]
        version: Option<u64>,
        /// As it was at the end of this day, or at this RFC 3339 time (UTC).
        #[arg(long, value_name = "DATE", value_parser = time::moment)]
        as_of: Option<DateTime<Utc>>,
    },
    /// Show each event of a fine and the state after it.
    History {
        /// The fine.
        id: String,
    },
    /// Bring the balances of all fines up to date, and print what they come to.
    Balances,
    /// Look at the service while it runs, and tell it what to do.
    Ops(rehydrate_console::Ops),
    /// Publish every event that has not been published yet to a broker, and end.
    #[command(after_help = relay::ADDRESSES)]
    Relay {
        /// The broker.
        #[arg(long, value_name = "URL")]
        to: String,
        /// It is the broker that was called this before, under another address; told once, it holds
        /// for `serve` too.
        #[arg(long, value_name = "DESTINATION")]
        moved_from: Option<String>,
    },
    /// Answer HTTP requests until SIGTERM or ctrl-c.
    #[command(after_help = relay::ADDRESSES)]
    Serve {
        /// The address to listen at; port 0 takes a free one.
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// Add the penalty to fines that are unpaid 60 days after their notification.
        #[arg(long)]
        penalties: bool,
        /// Publish the events to this broker; may be given once for each kind of broker.
        #[arg(long, value_name = "URL")]
        relay: Vec<String>,
    },
}

/// Runs the program.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Serve { relay: brokers, .. }) = &cli.command
        && let Some(name) = relay::named_twice(brokers)
    {
        let wrong = format!(
            "two of --relay are {name}: a service publishes to one broker of each kind; leave one out"
        );
        Cli::command()
            .error(ErrorKind::ArgumentConflict, wrong)
            .exit();
    }
    log_to_stderr();
    let output = Output::new(cli.json);
    match execute(cli, &output).await {
        Ok(code) => code,
        Err(error) => output.error(&error),
    }
}

/// The program's log, where nobody takes it for the result.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

fn success_if(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn execute(cli: Cli, output: &Output) -> anyhow::Result<ExitCode> {
    // An example makes its tables itself; in production that is a step of the deployment.
    rehydrate_sqlx::migrate(&cli.store).await?;
    let fines: Repository<Fine> = Repository::new(rehydrate_sqlx::connect(&cli.store).await?);
    match cli.command {
        None => {
            let tour = tour::run(&fines).await?;
            output.show(&tour, &tour)
        }
        Some(Command::Import { file }) => commands::import(&fines, &file, output).await,
        Some(Command::Reconcile) => commands::reconcile(&fines, output).await,
        Some(Command::Fine { id, version, as_of }) => {
            let version = version.map(|version| At::Version(Version(version)));
            let at = version.or(as_of.map(At::Time)).unwrap_or(At::Now);
            commands::fine(&fines, &FineId(id), at, output).await
        }
        Some(Command::History { id }) => commands::history(&fines, FineId(id), output).await,
        Some(Command::Balances) => read_models::balances(&fines, cli.balances, output).await,
        Some(Command::Ops(ops)) => Ok(read_models::ops(&fines, cli.balances, ops).await),
        Some(Command::Relay { to, moved_from }) => {
            commands::relay(&fines, &to, moved_from, output).await
        }
        Some(Command::Serve {
            listen,
            penalties,
            relay: brokers,
        }) => {
            let mut runner = crate::read_models::runner(fines.store().clone(), cli.balances);
            for url in brokers {
                runner = runner.relay(relay::lazily_to(&url)?);
            }
            if penalties {
                runner = runner.reactor(Penalties::new(fines.clone()));
            }
            commands::serve(fines, runner, listen, output).await
        }
    }
}
