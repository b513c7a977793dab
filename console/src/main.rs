//! The program `rehydrate`; see `rehydrate --help`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    rehydrate_console::run_program(std::env::args_os()).await
}
