//! Every promise of every store, on a database of its own.

use rehydrate::EventStore;
use rehydrate::contract::ContractStore;
use rehydrate_sqlx::MySqlStore;

use crate::common::Database;

/// The store of a new database, or nothing where no server answers.
pub(crate) struct Contract(Option<(MySqlStore, Database)>);

impl ContractStore for Contract {
    fn store(&self) -> Option<&dyn EventStore> {
        self.0.as_ref().map(|(store, _)| store as &dyn EventStore)
    }
}

async fn store() -> Contract {
    match Database::migrated().await {
        Some(database) => Contract(Some((database.open().await, database))),
        None => Contract(None),
    }
}

rehydrate::store_contract!(super::contract::store());
