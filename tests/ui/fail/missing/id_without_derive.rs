//! The id is a type without `derive(AggregateId)`.

use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Opened,
}

struct DoorKey(u64);

#[derive(Aggregate, Default)]
#[aggregate(id = DoorKey, event = DoorEvent)]
struct Door;

impl ApplyDoorEvent for Door {
    fn opened(&mut self) {}
}

fn main() {}
