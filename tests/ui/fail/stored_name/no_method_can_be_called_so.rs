use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum PackageEvent {
    Crate,
    #[event(name = "top")]
    Super,
}

fn main() {}
