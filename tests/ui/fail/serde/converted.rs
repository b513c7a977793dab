use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Wire;

impl From<Wire> for DoorEvent {
    fn from(_: Wire) -> Self {
        Self::Shut
    }
}

impl From<DoorEvent> for Wire {
    fn from(_: DoorEvent) -> Self {
        Self
    }
}

#[derive(Clone, Event, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
enum DoorEvent {
    Shut,
}

fn main() {}
