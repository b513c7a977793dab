use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(retired("", "a\tb"))]
enum DoorEvent {
    #[event(name = "")]
    Shut,
    #[event(name = "door opened")]
    Opened,
    #[event(alias = "lock\u{7}ed")]
    Locked,
    #[event(name = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x")]
    Painted,
}

fn main() {}
