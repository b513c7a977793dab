use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

use rehydrate::{ColumnKind, ColumnType};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Balance {
    #[read_model(key)]
    fine: Fine,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
struct Fine(String);

impl ColumnType for Fine {
    const KIND: ColumnKind = ColumnKind::Text;
}

fn main() {}
