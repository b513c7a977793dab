use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[read_model(table = "Balances")]
struct Upper {
    #[read_model(key)]
    id: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[read_model(table = "")]
struct Empty {
    #[read_model(key)]
    id: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[read_model(table = "rehydrate_events")]
struct Ours {
    #[read_model(key)]
    id: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[read_model(table = "balances__build_2")]
struct Build {
    #[read_model(key)]
    id: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[read_model(table = "2_balances")]
struct Digit {
    #[read_model(key)]
    id: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Schuldübersicht {
    #[read_model(key)]
    id: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct BalancesOfAllTheFinesThatWereEverSentToAnybodyAtAll {
    #[read_model(key)]
    id: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct RehydrateBalance {
    #[read_model(key)]
    id: u32,
}

fn main() {}
