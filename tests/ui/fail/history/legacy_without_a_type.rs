use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(legacy("slammed" = _), legacy("banged"), legacy("kicked" = "Kicked"), legacy(Hit))]
enum DoorEvent {
    Shut,
}

fn main() {}
