use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    #[event(name = , alias = 1, histry(DoorV1), alias "gate", name = "shut")]
    Shut,
}

fn main() {}
