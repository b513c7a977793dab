use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut {
        #[event(name = "who")]
        by: String,
    },
    Opened(#[event(alias = "open")] Opened),
}

#[derive(Serialize, Deserialize)]
struct Opened;

fn main() {}
