use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut { by: String },
    Opened,
}

#[derive(Aggregate, Default)]
#[aggregate(id = Uuid, event = DoorEvent)]
struct Door;

impl ApplyDoorEvent for Door {
    fn shut(&mut self, _: String) {}
    fn opened(&mut self) {}
    fn painted(&mut self) {}
}

fn main() {}
