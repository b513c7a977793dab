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

struct Key(u64);

#[derive(Aggregate, Default)]
#[aggregate(id = Key, event = DoorEvent)]
struct Door;

fn main() {}
