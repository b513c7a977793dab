//! The promises of `EventStore`.

rehydrate::store_contract!(crate::common::contract_store());
