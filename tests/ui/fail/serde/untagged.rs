use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[serde(untagged)]
enum DoorEvent {
    Shut { at: u64 },
    Opened { by: String },
}

fn main() {}
