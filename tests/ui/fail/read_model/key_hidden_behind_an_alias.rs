use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

type Maybe = Option<String>;

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Balance {
    #[read_model(key)]
    fine: Maybe,
}

fn main() {}
