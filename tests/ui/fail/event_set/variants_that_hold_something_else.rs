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

#[derive(EventSet)]
enum HouseEvent {
    Door(DoorEvent, DoorEvent),
    Gate { event: DoorEvent },
    Window,
    Roof(),
    Wall(DoorEvent),
}

fn is_still_a_set<E: EventSet>() {}

fn main() {
    is_still_a_set::<HouseEvent>();
}
