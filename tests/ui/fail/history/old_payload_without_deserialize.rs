use rehydrate::Event;
use serde::{Deserialize, Serialize};

struct ShutV1;

impl From<ShutV1> for DoorEvent {
    fn from(_: ShutV1) -> Self {
        Self::Shut
    }
}

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    #[event(history(ShutV1))]
    Shut,
}

fn main() {}
