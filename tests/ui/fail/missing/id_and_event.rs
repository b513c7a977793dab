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

#[derive(Aggregate, Default)]
#[aggregate(category = "door")]
struct Door;

fn commands<A: Aggregate>() {}

fn use_it() {
    commands::<Door>();
}

fn main() {}
