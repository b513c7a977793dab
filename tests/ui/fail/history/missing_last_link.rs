use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct CapturedV1 {
    cents: u64,
}

#[derive(Deserialize)]
struct CapturedV2 {
    cents: u64,
    currency: String,
}

impl From<CapturedV1> for CapturedV2 {
    fn from(old: CapturedV1) -> Self {
        Self { cents: old.cents, currency: "EUR".into() }
    }
}

#[derive(Event, Serialize, Deserialize)]
enum PaymentEvent {
    #[event(history(CapturedV1, CapturedV2))]
    Captured { cents: u64 },
}

fn main() {}
