//! The `payment-service` binary; see `payment-service --help`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    payment_service::cli::run().await
}
