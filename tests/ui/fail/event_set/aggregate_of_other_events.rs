use rehydrate::{Aggregate, Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
}

#[derive(Aggregate, Default)]
#[aggregate(id = u64, event = DoorEvent)]
struct Door;

impl ApplyDoorEvent for Door {
    fn shut(&mut self) {}
}

#[derive(Event, Serialize, Deserialize)]
enum GateEvent {
    Shut,
}

#[derive(EventSet)]
enum HouseEvent {
    #[event_set(aggregate = Door)]
    Door(GateEvent),
    #[event_set(aggregate = u8)]
    Gate(GateEvent),
}

fn main() {}
