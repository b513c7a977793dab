//! What `derive(Event)` writes and reads.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[path = "events/account.rs"]
mod account;
#[path = "events/borrowed.rs"]
mod borrowed;
#[path = "events/history.rs"]
mod history;
#[path = "events/names.rs"]
mod names;
#[path = "events/schema.rs"]
mod schema;
#[path = "events/serde_attributes.rs"]
mod serde_attributes;
#[path = "events/sets.rs"]
mod sets;
#[path = "events/stored.rs"]
mod stored;
