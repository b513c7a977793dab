use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Balance {
    #[read_model(key)]
    fine: String,
    #[serde(flatten)]
    rest: Rest,
    #[serde(skip)]
    one: u8,
    #[serde(skip_serializing, default)]
    two: u8,
    #[serde(skip_deserializing)]
    three: u8,
}

#[derive(Serialize, Deserialize, Clone)]
struct Rest {
    cents: i64,
}

fn main() {}
