use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
    #[event(other)]
    Unknown { name: String },
    #[event(other)]
    Strange(String),
}

fn main() {}
