use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent<'a> {
    Shut { by: &'a str },
}

struct Door;

impl ApplyDoorEvent for Door {
    fn shut(&mut self, _: &str) {}
}

fn main() {}
