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

#[derive(Aggregate, Default)]
#[aggregate(id = u64, event = DoorEvent)]
struct Gate;

impl ApplyDoorEvent for Gate {
    fn shut(&mut self) {}
}

#[derive(EventSet)]
enum HouseEvent {
    Door(DoorEvent),
    Gate(DoorEvent),
}

#[derive(EventSet)]
enum OneIsNamed {
    #[event_set(aggregate = Door)]
    Door(DoorEvent),
    Gate(DoorEvent),
}

#[derive(EventSet)]
enum OneIsNamedTwice {
    #[event_set(aggregate = Door)]
    Door(DoorEvent),
    #[event_set(aggregate = Door)]
    Gate(DoorEvent),
}

fn main() {}
