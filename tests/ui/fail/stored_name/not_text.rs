use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(retired(ajar, 7))]
enum DoorEvent {
    #[event(name = shut)]
    Shut,
    #[event(name("opened"))]
    Opened,
    #[event(name)]
    Locked,
    #[event(alias = 'p')]
    Painted,
}

fn main() {}
