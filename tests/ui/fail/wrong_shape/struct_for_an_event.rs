use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct DoorShut {
    by: String,
}

fn main() {}
