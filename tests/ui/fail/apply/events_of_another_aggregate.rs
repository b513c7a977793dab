use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod gate {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    pub(crate) enum GateEvent {
        Shut,
    }
}

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
}

#[derive(Aggregate, Default)]
#[aggregate(id = Uuid, event = gate::GateEvent)]
struct Door;

impl ApplyDoorEvent for Door {
    fn shut(&mut self) {}
}

fn main() {}
