use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum DoorEvent {
    Shut,
    Opened { by: String },
}

fn main() {}
