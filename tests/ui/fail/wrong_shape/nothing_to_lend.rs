use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(borrow)]
enum DoorEvent {
    Shut {
        by: u64,
        #[serde(default = "nobody")]
        witness: String,
    },
    Painted(Paint),
}

#[derive(Serialize, Deserialize)]
struct Paint {
    color: String,
}

fn nobody() -> String {
    String::new()
}

#[derive(Event, Serialize, Deserialize)]
#[event(borrow = true)]
enum GateEvent {
    #[event(borrow)]
    Shut { by: String },
}

#[derive(Event, Serialize, Deserialize)]
#[event(borrow, borrow)]
enum HatchEvent {
    Shut { by: String },
}

fn main() {}
