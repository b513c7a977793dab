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

#[derive(Aggregate)]
#[aggregate(id = Uuid, event = DoorEvent)]
union Door {
    shut: u8,
}

impl Default for Door {
    fn default() -> Self {
        Self { shut: 0 }
    }
}

fn main() {}
