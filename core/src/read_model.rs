//! The trait behind `derive(ReadModel)`: a row of a read model.

use std::fmt::Debug;
use std::hash::Hash;

use rehydrate_port::Table;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A row of a read model, kept in a table of its own.
///
/// `#[derive(ReadModel)]` implements it for a struct with named fields: one field a column, one or
/// more of them the key. It needs serde's `Serialize` and `Deserialize`, and `Clone`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row of a read model",
    label = "needs `#[derive(ReadModel)]`",
    note = "write `#[derive(rehydrate::ReadModel, serde::Serialize, serde::Deserialize, Clone)]` on the struct, and `#[read_model(key)]` on the field that tells its rows apart"
)]
pub trait ReadModel: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// What tells one row from another: the key's field, or a tuple of them.
    type Key: Clone + Debug + Eq + Hash + Ord + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The table.
    const TABLE: Table;

    /// The row's own key.
    fn key(&self) -> Self::Key;

    /// The values of a key in the order of the table's key columns, as a JSON array.
    fn key_values(key: &Self::Key) -> serde_json::Value;
}
