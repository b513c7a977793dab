use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    #[event(history("ShutV1", 2, _))]
    Shut,
    #[event(history = OpenedV1)]
    Opened,
}

fn main() {}
