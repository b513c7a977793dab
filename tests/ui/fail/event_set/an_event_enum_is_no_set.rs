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

fn needs<E: EventSet>() {}

fn main() {
    needs::<Door>();
    needs::<DoorEvent>();
}
