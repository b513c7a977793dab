use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
    #[event(other, history(UnknownV1), alias = "strange")]
    Unknown,
}

fn main() {}
