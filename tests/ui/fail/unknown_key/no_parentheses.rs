use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event]
enum DoorEvent {
    #[event = "shut"]
    Shut,
}

fn main() {}
