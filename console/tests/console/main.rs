//! What an operator sees and does, on a store in memory and on one in a file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

mod copying;
mod embedding;
mod letters;
mod looking;
mod old_shapes;
mod rebuilding;
mod relaying;
mod schema;
mod shipping;
mod street;
mod town;
mod verifying;
