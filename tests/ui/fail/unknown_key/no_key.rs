use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("ajar")]
enum DoorEvent {
    #[event("shut", 1)]
    Shut,
}

fn main() {}
