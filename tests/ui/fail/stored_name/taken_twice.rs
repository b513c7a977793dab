use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(retired("painted", "ajar"), legacy("ajar" = Ajar))]
enum DoorEvent {
    Shut,
    #[event(name = "shut")]
    Closed,
    #[event(alias = "shut")]
    Opened,
    Painted,
}

fn main() {}
