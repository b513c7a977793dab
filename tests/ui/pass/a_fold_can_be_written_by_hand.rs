use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
    Opened,
}

#[derive(Default)]
struct Door {
    is_shut: bool,
}

impl Aggregate for Door {
    type Id = String;
    type Event = DoorEvent;

    const CATEGORY: &'static str = "door";

    fn apply(&mut self, event: DoorEvent) {
        self.is_shut = matches!(event, DoorEvent::Shut);
    }
}

fn main() {
    let mut door = Door::default();
    door.apply(DoorEvent::Shut);
    assert!(door.is_shut);
    door.apply(DoorEvent::Opened);
    assert!(!door.is_shut);
}
