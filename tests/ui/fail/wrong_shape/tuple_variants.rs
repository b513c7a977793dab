use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut(String, u64),
    Opened(),
}

struct Door;

impl ApplyDoorEvent for Door {
    fn shut(&mut self, _: String, _: u64) {}
    fn opened(&mut self) {}
}

fn main() {}
