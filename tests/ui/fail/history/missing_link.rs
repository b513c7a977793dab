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

impl From<CapturedV2> for PaymentEvent {
    fn from(old: CapturedV2) -> Self {
        Self::Captured { cents: old.cents }
    }
}

#[derive(Event, Serialize, Deserialize)]
enum PaymentEvent {
    #[event(history(CapturedV1, CapturedV2))]
    Captured { cents: u64 },
}

fn main() {}
