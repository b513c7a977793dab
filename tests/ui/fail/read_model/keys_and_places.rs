use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[read_model(key, tabel = "x")]
struct Balance {
    #[read_model(kay)]
    fine: String,
    #[read_model(indexed)]
    cents: i64,
    #[read_model(table = "x", name = "y")]
    note: String,
    #[read_model]
    tags: String,
    #[read_model(unique)]
    number: u32,
    #[read_model(index = true)]
    day: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[read_model(table)]
struct Total {
    #[read_model(key = "id")]
    id: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[read_model(table = totals, table = "totals")]
struct Sum {
    #[read_model(key)]
    id: u32,
}

fn main() {}
