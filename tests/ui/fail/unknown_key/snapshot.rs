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

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(id = Uuid, event = DoorEvent, snapshot(evry = 100, vresion = 2))]
struct Door;

fn main() {}
