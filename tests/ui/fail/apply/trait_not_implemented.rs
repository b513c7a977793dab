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

fn main() {}
