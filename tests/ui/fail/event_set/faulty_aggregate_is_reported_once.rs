use rehydrate::{Aggregate, Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
}

#[derive(Aggregate, Default)]
#[aggregate(ident = u64, event = DoorEvent)]
struct Door;

#[derive(EventSet)]
enum HouseEvent {
    Door(DoorEvent),
}

fn main() {}
