//! The contract of every broker, on a Tansu.

use crate::fixture::{Contract, Topic};

rehydrate::publisher_contract!(Contract::new(Topic::new()));
rehydrate::source_contract!(Contract::new(Topic::new()));
