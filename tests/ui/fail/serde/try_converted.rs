use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Wire;

impl TryFrom<Wire> for DoorEvent {
    type Error = String;

    fn try_from(_: Wire) -> Result<Self, String> {
        Ok(Self::Shut)
    }
}

#[derive(Event, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
enum DoorEvent {
    Shut,
}

fn main() {}
