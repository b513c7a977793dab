use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};

fn main() {
    #[derive(Event, Serialize, Deserialize)]
    enum DoorEvent {
        Shut { by: String },
    }

    #[derive(Aggregate, Default)]
    #[aggregate(id = String, event = DoorEvent)]
    struct Door {
        by: String,
    }

    impl ApplyDoorEvent for Door {
        fn shut(&mut self, by: String) {
            self.by = by;
        }
    }

    let mut door = Door::default();
    door.apply(DoorEvent::Shut { by: "Ada".into() });
    assert_eq!(door.by, "Ada");
}
