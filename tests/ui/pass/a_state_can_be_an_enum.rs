use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Opened,
    Shut { by: String },
}

#[derive(Aggregate, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(id = u64, event = DoorEvent, category = "front door", snapshot(every = 1, version = 7))]
enum Door {
    #[default]
    Open,
    Closed {
        by: String,
    },
}

impl ApplyDoorEvent for Door {
    fn opened(&mut self) {
        *self = Self::Open;
    }

    fn shut(&mut self, by: String) {
        *self = Self::Closed { by };
    }
}

fn main() {
    let mut door = Door::default();
    door.apply(DoorEvent::Shut { by: "Ada".into() });
    assert_eq!(door, Door::Closed { by: "Ada".into() });
    door.apply(DoorEvent::Opened);
    assert_eq!(door, Door::Open);
    assert_eq!(Door::CATEGORY, "front door");
}
