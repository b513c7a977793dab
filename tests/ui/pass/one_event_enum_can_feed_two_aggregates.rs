use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
}

#[derive(Aggregate, Default)]
#[aggregate(id = String, event = DoorEvent)]
struct Door {
    is_shut: bool,
}

#[derive(Aggregate, Default)]
#[aggregate(id = String, event = DoorEvent)]
struct Counter(u64);

impl ApplyDoorEvent for Door {
    fn shut(&mut self) {
        self.is_shut = true;
    }
}

impl ApplyDoorEvent for Counter {
    fn shut(&mut self) {
        self.0 += 1;
    }
}

fn main() {
    let (mut door, mut counter) = (Door::default(), Counter::default());
    door.apply(DoorEvent::Shut);
    counter.apply(DoorEvent::Shut);
    assert!(door.is_shut);
    assert_eq!(counter.0, 1);
}
