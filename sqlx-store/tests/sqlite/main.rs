//! What is SQLite's own about the store; what all stores promise is tested by the contract.

mod append;
mod common;
mod group;
mod locks;
mod open;
mod read;
mod schema;
mod transaction;
mod url;
