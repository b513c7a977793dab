use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Balance {
    #[read_model(key)]
    fine: String,
    outstanding_cents: i64,
    last_payment: Option<String>,
    #[serde(rename = "is_closed")]
    is_shut: bool,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[serde(rename_all = "kebab-case")]
struct Total {
    #[read_model(key)]
    the_day: String,
}

fn main() {}
