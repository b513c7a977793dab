use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    #[event(name = "shut", name = "closed")]
    Shut,
    #[event(history(OpenedV1))]
    #[event(history(OpenedV2))]
    Opened,
    #[event(other, other)]
    Unknown,
}

fn main() {}
