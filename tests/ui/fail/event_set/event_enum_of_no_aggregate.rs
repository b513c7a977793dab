use rehydrate::{Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
}

#[derive(EventSet)]
enum HouseEvent {
    Door(DoorEvent),
}

fn main() {}
