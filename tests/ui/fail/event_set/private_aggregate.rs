use rehydrate::EventSet;

mod door {
    use rehydrate::{Aggregate, Event};
    use serde::{Deserialize, Serialize};

    #[derive(Event, Serialize, Deserialize)]
    pub(crate) enum DoorEvent {
        Shut,
    }

    #[derive(Aggregate, Default)]
    #[aggregate(id = u64, event = DoorEvent)]
    struct Door;

    impl ApplyDoorEvent for Door {
        fn shut(&mut self) {}
    }
}

#[derive(EventSet)]
enum HouseEvent {
    Door(door::DoorEvent),
}

fn main() {}
