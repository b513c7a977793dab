use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Balance {
    #[read_model(key)]
    #[serde(rename = "Fine")]
    fine: String,
    größe: i64,
    #[serde(rename = "")]
    empty: i64,
    the_number_of_cents_that_are_still_to_be_paid_by_whoever_got_the_fine: i64,
    #[serde(rename = "cents")]
    sum: i64,
    cents: i64,
}

fn main() {}
