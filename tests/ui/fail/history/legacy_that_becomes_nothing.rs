use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Slammed;

#[derive(Event, Serialize, Deserialize)]
#[event(legacy("slammed" = Slammed))]
enum DoorEvent {
    Shut,
}

fn main() {}
