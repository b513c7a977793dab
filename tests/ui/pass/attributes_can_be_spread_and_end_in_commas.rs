use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(retired("a", "b",))]
#[event(legacy("c" = OldC,), retired("d"))]
enum DoorEvent {
    #[event(alias = "closed")]
    #[event(name = "door-shut", alias = "slammed")]
    Shut,
}

#[derive(Deserialize)]
struct OldC;

impl From<OldC> for Vec<DoorEvent> {
    fn from(_: OldC) -> Self {
        vec![]
    }
}

#[derive(Aggregate, Default)]
#[aggregate(id = String,)]
#[aggregate(event = DoorEvent)]
#[aggregate()]
struct Door;

impl ApplyDoorEvent for Door {
    fn shut(&mut self) {}
}

fn main() {
    Door.apply(DoorEvent::Shut);
    assert_eq!(DoorEvent::SCHEMA.retired, ["a", "b", "d"]);
    assert_eq!(DoorEvent::SCHEMA.types[0].aliases, ["closed", "slammed"]);
}
