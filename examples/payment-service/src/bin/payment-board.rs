//! The `payment-board` binary; see `payment-board --help`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    payment_service::cli::board::run().await
}
