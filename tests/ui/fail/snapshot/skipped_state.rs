//! A snapshot of a state that serde does not write as a whole.

use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Opened,
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(id = u64, event = DoorEvent, snapshot(every = 10))]
struct Door {
    #[serde(default, skip)]
    opened: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_deserializing)]
    keys: u32,
}

impl ApplyDoorEvent for Door {
    fn opened(&mut self) {}
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(id = u64, event = DoorEvent, snapshot(every = 10))]
enum Gate {
    #[default]
    Shut,
    #[serde(skip_serializing)]
    Open,
}

impl ApplyDoorEvent for Gate {
    fn opened(&mut self) {}
}

fn main() {}
