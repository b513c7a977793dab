use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Balance {
    #[read_model(key)]
    fine: Option<String>,
    #[read_model(key)]
    cents: f64,
    #[read_model(key, json)]
    tags: Vec<String>,
}

fn main() {}
