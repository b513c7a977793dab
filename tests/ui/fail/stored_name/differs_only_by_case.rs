use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(retired("OPENED"))]
enum DoorEvent {
    #[event(name = "DoorShut")]
    Shut,
    #[event(name = "doorShut")]
    Closed,
    Opened,
}

fn main() {}
