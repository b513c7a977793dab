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

#[derive(Serialize, Deserialize)]
struct Captured {
    cents: u64,
}

#[derive(Event, Serialize, Deserialize)]
enum PaymentEvent {
    #[event(history(CapturedV2))]
    Captured(Captured),
}

fn main() {}
