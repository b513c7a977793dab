use rehydrate::Event;
use serde::{Deserialize, Serialize};

enum Foreign {
    Shut,
}

#[derive(Event, Serialize, Deserialize)]
#[serde(remote = "Foreign")]
enum DoorEvent {
    Shut,
}

fn main() {}
