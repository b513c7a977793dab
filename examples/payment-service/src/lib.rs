//! Collects traffic-fine payments: a worked example of an event-sourced service.
//!
//! Begin with [`fine`], the domain: state, events, decisions. [`http`] and [`import`] are the two
//! ways in, [`view`] and [`reconcile`] the two ways out; none of them knows how events are stored.

pub mod cli;
pub mod fine;
pub mod http;
pub mod import;
pub mod money;
pub mod penalties;
pub mod read_models;
pub mod reconcile;
pub mod relay;
pub mod time;
pub mod tour;
pub mod view;
