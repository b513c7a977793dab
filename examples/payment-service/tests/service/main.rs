//! The payment service from outside: its domain, its files, its HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of a test fail as the test does"
)]
#![expect(
    clippy::inconsistent_digit_grouping,
    reason = "amounts are grouped as euro and cents"
)]

mod concurrency;
mod databases;
mod domain;
mod failing_store;
mod first_release;
mod http;
mod import;
mod load;
mod looking;
mod penalties;
mod program;
mod real_file;
mod relay;
mod replay;
mod schema;
mod takeover;
mod tour;
