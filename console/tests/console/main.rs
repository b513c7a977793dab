//! What an operator sees and does, on a store in memory and on one in a file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

mod embedding;
mod letters;
mod looking;
mod rebuilding;
mod town;
mod verifying;
