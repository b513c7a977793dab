use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    #[serde(skip)]
    Shut,
    #[serde(skip_serializing)]
    Opened,
    #[serde(skip_deserializing)]
    Locked,
    #[serde(rename = "p", skip)]
    Painted,
    Removed,
}

fn main() {}
