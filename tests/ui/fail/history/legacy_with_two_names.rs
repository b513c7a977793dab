use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(legacy("slammed" = Slammed, "banged" = Banged))]
#[event(legacy("kicked" = KickedV2, histroy(KickedV1)))]
#[event(legacy(history(HitV1)))]
enum DoorEvent {
    Shut,
}

fn main() {}
