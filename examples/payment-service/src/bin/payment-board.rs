//! A second program, which knows the payment service by what it publishes alone.
//!
//! It keeps the balances of all fines in a store of its own, from the broker, and prints what they
//! come to.

use std::process::ExitCode;

use clap::Parser;
use payment_service::money::Cents;
use payment_service::read_models::Balances;
use payment_service::relay;
use rehydrate::{Feed, Rows};
use serde_json::json;

/// Keeps the balances of all fines from what the payment service publishes, and prints their sums.
#[derive(Debug, Parser)]
#[command(name = "payment-board", version)]
struct Cli {
    /// The broker, `nats://HOST/STREAM`.
    #[arg(long, value_name = "URL")]
    from: String,
    /// Where the balances are kept.
    #[arg(long, value_name = "URL", default_value = "sqlite://board.db")]
    store: String,
    /// Print one JSON object on stdout.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    rehydrate_sqlx::migrate(&cli.store).await?;
    let store = rehydrate_sqlx::connect(&cli.store).await?;
    let source = rehydrate_relay::source(&cli.from, relay::TOPIC).await?;
    let fed = Feed::new(store.clone(), source, Balances)
        .run_to_end()
        .await?;
    let total = Rows::<Balances>::new(store)
        .all()
        .total(["paid_cents", "outstanding_cents"])
        .await?;
    let [paid, outstanding] = total.sums;
    let board = json!({
        "events": fed.events,
        "duplicates": fed.duplicates,
        "fines": total.rows,
        "paid_cents": paid,
        "outstanding_cents": outstanding,
    });
    #[expect(clippy::print_stdout, reason = "it is what the program is for")]
    if cli.json {
        println!("{board}");
    } else {
        println!(
            "{} new events, {} seen before; {} fines: {} paid, {} outstanding",
            fed.events,
            fed.duplicates,
            total.rows,
            Cents(paid),
            Cents(outstanding)
        );
    }
    Ok(ExitCode::SUCCESS)
}
