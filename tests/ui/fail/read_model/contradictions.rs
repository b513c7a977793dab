use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Balance {
    #[read_model(key, index)]
    fine: String,
    #[read_model(json, index)]
    tags: Vec<String>,
    #[read_model(index, index)]
    cents: i64,
}

fn main() {}
