use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
    #[serde(other)]
    Unknown,
}

#[derive(Event, Serialize, Deserialize)]
enum GateEvent {
    Shut,
    #[serde(untagged)]
    Opened { by: String },
}

fn main() {}
