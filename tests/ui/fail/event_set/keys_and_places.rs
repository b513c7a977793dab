use rehydrate::{Aggregate, Event, EventSet};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
}

#[derive(Aggregate, Default)]
#[aggregate(id = u64, event = DoorEvent)]
struct Door;

impl ApplyDoorEvent for Door {
    fn shut(&mut self) {}
}

#[derive(EventSet)]
#[event_set(aggregate = Door)]
enum HouseEvent {
    #[event_set(agregate = Door)]
    Door(DoorEvent),
    #[event_set(category = "gate", colour = "red")]
    Gate(#[event_set(aggregate = Door)] u8),
    #[event_set(aggregate = Door, aggregate = Door)]
    Window(u16),
    #[event_set(aggregate)]
    Roof(u32),
    #[event_set]
    Wall(u64),
    #[event_set(aggregate = "Door")]
    Floor(i8),
}

fn main() {}
