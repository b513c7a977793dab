use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(retired(), legacy())]
enum DoorEvent {
    #[event(history())]
    Shut,
    #[event(history)]
    Opened,
}

fn main() {}
