use rehydrate::Event;
use serde::{Deserialize, Serialize};

struct Key;

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Locked { key: Key },
}

fn main() {}
