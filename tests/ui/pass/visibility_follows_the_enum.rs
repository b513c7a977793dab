mod house {
    pub(crate) mod door {
        use rehydrate::Event;
        use serde::{Deserialize, Serialize};

        #[derive(Event, Serialize, Deserialize)]
        pub(in crate::house) enum KeyEvent {
            Turned,
        }

        #[derive(Event, Serialize, Deserialize)]
        pub(crate) enum DoorEvent {
            Shut,
        }
    }

    #[derive(rehydrate::Aggregate, Default)]
    #[aggregate(id = String, event = door::KeyEvent)]
    struct Key;

    impl door::ApplyKeyEvent for Key {
        fn turned(&mut self) {}
    }

    pub(crate) fn turn() {
        rehydrate::Aggregate::apply(&mut Key, door::KeyEvent::Turned);
    }
}

#[derive(rehydrate::Aggregate, Default)]
#[aggregate(id = u32, event = house::door::DoorEvent)]
struct Door {
    is_shut: bool,
}

impl house::door::ApplyDoorEvent for Door {
    fn shut(&mut self) {
        self.is_shut = true;
    }
}

fn main() {
    let mut door = Door::default();
    rehydrate::Aggregate::apply(&mut door, house::door::DoorEvent::Shut);
    assert!(door.is_shut);
    house::turn();
}
