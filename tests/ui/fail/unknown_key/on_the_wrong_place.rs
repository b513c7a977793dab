use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(name = "door", alias = "gate", history(DoorV1), other)]
enum DoorEvent {
    #[event(retired("ajar"), legacy("slammed" = Slammed))]
    Shut,
}

fn main() {}
