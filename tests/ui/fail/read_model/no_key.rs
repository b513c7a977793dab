use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Balance {
    fine: String,
    cents: i64,
}

fn is_still_a_row<R: ReadModel>() {}

fn main() {
    is_still_a_row::<Balance>();
}
