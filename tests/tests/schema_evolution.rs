//! A store with a long past, counted and verified by today's program.

#[path = "schema_evolution/census.rs"]
mod census;
#[path = "schema_evolution/memory.rs"]
mod memory;
#[path = "schema_evolution/past.rs"]
mod past;
#[path = "schema_evolution/verify.rs"]
mod verify;
