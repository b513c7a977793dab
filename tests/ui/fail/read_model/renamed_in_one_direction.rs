use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[serde(rename_all(serialize = "snake_case", deserialize = "lowercase"))]
struct Balance {
    #[read_model(key)]
    #[serde(rename(serialize = "id", deserialize = "fine"))]
    fine: String,
    #[serde(rename(deserialize = "sum"))]
    cents: i64,
    #[serde(rename(serialize = "same", deserialize = "same"))]
    day: i64,
}

fn main() {}
