use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct SlammedV1;

#[derive(Deserialize)]
struct SlammedV2;

impl From<SlammedV2> for Vec<DoorEvent> {
    fn from(_: SlammedV2) -> Self {
        vec![DoorEvent::Shut]
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event(legacy("slammed" = SlammedV2, history(SlammedV1)))]
enum DoorEvent {
    Shut,
}

fn main() {}
