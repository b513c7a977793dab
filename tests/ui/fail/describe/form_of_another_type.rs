use rehydrate::Describe;
use serde::{Deserialize, Serialize};

mod foreign {
    pub struct Money {
        pub cents: u64,
    }
}

#[derive(Describe, Serialize, Deserialize)]
#[serde(remote = "foreign::Money")]
struct MoneyForm {
    cents: u64,
}

fn main() {
    let _ = MoneyForm::TYPE;
}
