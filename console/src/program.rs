//! The program `rehydrate`: what needs no types of an application.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use rehydrate::{EventStore, StoreError};
use serde_json::json;

use crate::args::letters::Letters;
use crate::args::projections::Named;
use crate::args::schema::Schema;
use crate::args::{self, Command, EXIT_CODES};
use crate::commands::tail::Tail;
use crate::commands::{Done, projections, status, tail};
use crate::console::Console;
use crate::error::OpsError;
use crate::exit::Exit;
use crate::output::{Output, without_passwords};

/// Look after an event store, whatever is in it.
///
/// What needs the types of an application, such as the state of an aggregate or the rebuild of a
/// projection, is in the application's own `ops`.
#[derive(Debug, Parser)]
#[command(name = "rehydrate", version, after_help = EXIT_CODES)]
struct Cli {
    /// The store, such as `sqlite://payments.db`, `postgres://…` or `mysql://…`.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "REHYDRATE_STORE",
        hide_env_values = true
    )]
    store: Option<String>,
    /// Print one JSON value, and nothing else, on stdout; `tail` prints one a line.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: ProgramCommand,
}

#[derive(Debug, Subcommand)]
enum ProgramCommand {
    /// Show how far the log and everybody who reads it are, and how they fare.
    Status(args::Status),
    /// Show how far behind everybody is; fail if it is too much.
    Lag(args::Lag),
    /// List the streams of a category, or the categories.
    Streams(args::Streams),
    /// Show the events of a stream as they are stored.
    Events {
        /// The stream, as `category/id`.
        stream: String,
    },
    /// Show the newest events of the log, one a line, and those that come.
    Tail(TailArgs),
    /// List projections; pause and resume them.
    #[command(subcommand)]
    Projections(Projections),
    /// Look at events that could not be taken; try them again or go on without them.
    #[command(subcommand)]
    DeadLetters(Letters),
    /// Look at relays and their brokers, and have events published again.
    #[command(subcommand, after_help = args::relay::ELSEWHERE)]
    Relay(args::relay::Relay),
    /// Count the events of every type and version in the store.
    #[command(subcommand)]
    Schema(Schema),
    /// Copy the log to another store, or go on with a copy, and verify it.
    Copy(args::Copy),
    /// Look for what needs a person, and say what to do.
    Doctor,
    /// Make the tables of the store, or bring them up to date.
    Migrate,
}

#[derive(Debug, Args)]
struct TailArgs {
    /// Begin after this position; 0 is the whole log. Without it, at the last ten positions.
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    /// Only the events of this category.
    #[arg(long)]
    category: Option<String>,
    /// Go on with those that come, until ctrl-c.
    #[arg(long, short)]
    follow: bool,
}

#[derive(Debug, Subcommand)]
enum Projections {
    /// List the projections and their builds.
    List,
    /// Have a projection, reactor or relay stand still.
    Pause(Named),
    /// Have a projection, reactor or relay that was paused, or has failed, go on.
    Resume(Named),
}

/// Runs the program `rehydrate` with these arguments, the first of which is its name.
pub async fn run_program(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let is_terminal = stderr.is_terminal();
    let mut output = Output::new(cli.json, &mut stdout, &mut stderr, is_terminal);
    let exit = match execute(cli, &mut output).await {
        Ok(exit) => exit,
        Err(error) => output.error(&error),
    };
    exit.into()
}

/// Prints help or what is wrong with the command line, which may hold a password.
fn refuse(error: &clap::Error) -> ExitCode {
    let text = error.render();
    if error.use_stderr() {
        let text = if io::stderr().is_terminal() {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        let _ = write!(io::stderr(), "{}", without_passwords(&text));
        Exit::Usage.into()
    } else {
        let _ = error.print();
        Exit::Fine.into()
    }
}

async fn execute(cli: Cli, output: &mut Output<'_>) -> Result<Exit, OpsError> {
    let Some(url) = cli.store else {
        let usage = Cli::command().render_usage();
        return Err(OpsError::Usage(format!(
            "say which store: --store URL, or REHYDRATE_STORE\n\n{usage}"
        )));
    };
    if let ProgramCommand::Migrate = cli.command {
        return migrate(&url, output).await;
    }
    let console = Console::new(open(&url).await?);
    let command = match cli.command {
        ProgramCommand::Status(args) => Command::Status(args),
        ProgramCommand::Lag(args) => Command::Lag(args),
        ProgramCommand::Streams(args) => Command::Streams(args),
        ProgramCommand::Events { stream } => Command::Stream(args::Stream {
            stream,
            at_version: None,
            as_of: None,
            raw: true,
        }),
        ProgramCommand::DeadLetters(args) => Command::DeadLetters(args),
        ProgramCommand::Relay(args) => Command::Relay(args),
        ProgramCommand::Schema(args) => Command::Schema(args),
        ProgramCommand::Copy(args) => Command::Copy(args),
        ProgramCommand::Doctor => Command::Doctor,
        ProgramCommand::Tail(args) => {
            let args = Tail {
                from: args.from,
                category: args.category,
                follow: args.follow,
            };
            return tail::run(&console, args, output).await;
        }
        ProgramCommand::Projections(Projections::List) => {
            return projections::list(&console, output).await;
        }
        ProgramCommand::Projections(Projections::Pause(args)) => {
            return projections::pause(&console, &args.name, output).await;
        }
        ProgramCommand::Projections(Projections::Resume(args)) => {
            return projections::resume(&console, &args.name, output).await;
        }
        ProgramCommand::Migrate => return migrate(&url, output).await,
    };
    console.execute(command, output).await
}

/// Opens a store that is there: whoever mistypes the name of a file does not want a new one.
async fn open(url: &str) -> Result<Arc<dyn EventStore>, OpsError> {
    let is_file = url.starts_with("sqlite:") && !url.contains(":memory:");
    let opened = if is_file && !url.contains("mode=") {
        let sign = if url.contains('?') { '&' } else { '?' };
        rehydrate_sqlx::connect(&format!("{url}{sign}mode=rw")).await
    } else {
        rehydrate_sqlx::connect(url).await
    };
    opened.map_err(|error| match error {
        StoreError::CannotOpen { .. } if is_file => OpsError::Because {
            what: "the store is not there, or is none; `rehydrate migrate` makes a new one".into(),
            source: error.into(),
        },
        StoreError::SchemaMismatch { found, known, .. } if found < known => OpsError::Because {
            what: "the store has not all its tables; `rehydrate migrate` makes them".into(),
            source: error.into(),
        },
        error => error.into(),
    })
}

async fn migrate(url: &str, output: &mut Output<'_>) -> Result<Exit, OpsError> {
    rehydrate_sqlx::migrate(url).await?;
    let store = status::store_name(&*rehydrate_sqlx::connect(url).await?);
    let text = format!("{store} has the tables of this release.");
    output.show(&Done::new(text, json!({ "migrated": store })))?;
    Ok(Exit::Fine)
}
