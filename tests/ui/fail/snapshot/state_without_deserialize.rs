use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
}

impl ApplyDoorEvent for Door {
    fn shut(&mut self) {}
}

#[derive(Aggregate, Default, Serialize)]
#[aggregate(id = Uuid, event = DoorEvent, snapshot(every = 100))]
struct Door {
    shut: bool,
}

fn main() {}
