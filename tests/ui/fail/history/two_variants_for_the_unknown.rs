use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    #[event(other)]
    Unknown,
    #[event(other)]
    Strange,
}

fn main() {}
