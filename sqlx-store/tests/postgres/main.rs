//! The store on PostgreSQL: the contract, and what is PostgreSQL's own.

// `cfg(test)`, so that Clippy lets the helpers of tests unwrap and panic.
#[cfg(test)]
mod backlog;
#[cfg(test)]
mod builds;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod common;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod consumers;
#[cfg(test)]
mod contract;
#[cfg(test)]
#[path = "../shared/fixture.rs"]
mod fixture;
#[cfg(test)]
mod gathering;
#[cfg(test)]
mod group;
#[cfg(test)]
mod late;
#[cfg(test)]
mod news;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod pooler;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod race;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod transaction;
#[cfg(test)]
mod trips;
