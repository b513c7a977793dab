use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize)]
struct Balance {
    #[read_model(key)]
    fine: String,
}

fn main() {}
