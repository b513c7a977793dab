//! In an application with arguments of its own.

use clap::{CommandFactory as _, Parser, Subcommand};
use rehydrate::MemoryStore;
use rehydrate_console::{Console, Exit, Ops};
use serde_json::Value;

/// An application with what can get in the way: global arguments, also of the same name.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[arg(long, global = true, default_value = "sqlite://payments.db")]
    store: String,
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Look after it all.
    Ops(Ops),
}

async fn run(line: &str) -> (bool, Exit, String) {
    let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
    assert_eq!(cli.store, "x");
    let Some(Command::Ops(ops)) = cli.command else {
        panic!("{line} is a command of ops");
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let console = Console::new(MemoryStore::new());
    let exit = console.run_with(ops, &mut out, &mut err).await;
    (cli.json, exit, String::from_utf8(out).unwrap())
}

#[test]
fn no_two_arguments_are_in_each_others_way() {
    Cli::command().debug_assert();
}

#[tokio::test]
async fn the_applications_own_json_and_that_of_ops_are_one() {
    for line in [
        "app --json --store x ops status",
        "app ops --json --store x status",
        "app --store x ops status --json",
        "app ops projections list --json --store x",
        "app ops projections --json list --store x",
    ] {
        let (json, exit, out) = run(line).await;
        assert!(json, "{line}");
        assert_eq!(exit, Exit::Fine);
        assert!(serde_json::from_str::<Value>(&out).is_ok(), "{line}: {out}");
    }
    let (json, _, out) = run("app ops status --store x").await;
    assert!(!json && out.starts_with("store "), "{out}");
}

#[test]
fn a_version_of_a_projection_is_not_the_version_of_the_application() {
    for line in [
        "app ops projections plan balances --version 2",
        "app ops projections rebuild balances --version 2 --throttle 10",
        "app ops projections diff balances --version 2",
        "app ops projections swap balances --version 2 --drop-old --yes",
        "app ops projections discard balances --version 2",
        "app ops projections drop-old balances --version 2",
        "app ops projections replay balances --version 2 --type paid --type issued",
    ] {
        let parsed = Cli::try_parse_from(line.split_whitespace());
        assert!(parsed.is_ok(), "{line}: {}", parsed.err().unwrap());
    }
}

#[test]
fn a_command_line_that_is_wrong_is_refused_by_its_parser() {
    for line in [
        "app ops dead-letters skip balances 5",
        "app ops dead-letters retry balances",
        "app ops dead-letters retry balances 5 --all",
        "app ops stream A1 --at-version 1 --as-of 2026-01-01",
        "app ops stream A1 --as-of yesterday",
        "app ops projections rebuild balances --stream A1 --restart",
    ] {
        let error = Cli::try_parse_from(line.split_whitespace()).err();
        assert_eq!(error.map(|error| error.exit_code()), Some(2), "{line}");
    }
}

#[test]
fn the_help_tells_the_exit_codes() {
    let error = Cli::try_parse_from(["app", "ops", "--help"]).err().unwrap();
    let help = error.to_string();
    assert!(help.contains("Exit codes:"), "{help}");
    assert!(help.contains("Look after it all"), "{help}");
}
