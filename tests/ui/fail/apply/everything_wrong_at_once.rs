use rehydrate::{Aggregate, AggregateId, Event};
use serde::{Deserialize, Serialize};

#[derive(AggregateId)]
struct DoorId(u64, u64);

#[derive(Event, Serialize, Deserialize)]
#[event(retired("shut", "a b"), legcy("x" = X))]
#[serde(tag = "type")]
enum DoorEvent {
    #[event(name = "OPENED", hstory(ShutV1))]
    Shut { by: String },
    Opened(u8, u8),
    #[serde(skip)]
    Crate,
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(id = DoorId, evnt = DoorEvent, category = "a/b", snapshot(every = 0, versoin = 1))]
struct Door {
    #[aggregate(id)]
    open: bool,
}

impl ApplyDoorEvent for Door {
    fn shut(&mut self, _: String) {}
    fn opened(&mut self, _: u8, _: u8) {}
}

fn main() {}
