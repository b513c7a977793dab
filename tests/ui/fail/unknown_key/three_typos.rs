use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(retried("flagged"))]
enum PaymentEvent {
    #[event(nmae = "authorised")]
    Authorized { cents: u64 },
    #[event(histroy(CapturedV1))]
    Captured { cents: u64 },
}

struct Payment;

impl ApplyPaymentEvent for Payment {
    fn authorized(&mut self, _: u64) {}
    fn captured(&mut self, _: u64) {}
}

fn main() {}
