//! `schema::check!`: what was shipped stays readable, and the message says how.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

#[path = "lock/code.rs"]
mod code;
#[path = "lock/compatible.rs"]
mod compatible;
#[path = "lock/examples.rs"]
mod examples;
#[path = "lock/files.rs"]
mod files;
#[path = "lock/folder.rs"]
mod folder;
#[path = "lock/found.rs"]
mod found;
#[path = "lock/golden.rs"]
mod golden;
#[path = "lock/incompatible.rs"]
mod incompatible;
#[path = "lock/nested.rs"]
mod nested;
#[path = "lock/notes.rs"]
mod notes;
#[path = "lock/parting.rs"]
mod parting;
#[path = "lock/pasted.rs"]
mod pasted;
#[path = "lock/shapes.rs"]
mod shapes;
#[path = "lock/types.rs"]
mod types;
#[path = "lock/untagged.rs"]
mod untagged;
#[path = "lock/versions.rs"]
mod versions;
