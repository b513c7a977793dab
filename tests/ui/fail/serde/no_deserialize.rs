use rehydrate::Event;
use serde::Serialize;

#[derive(Event, Serialize)]
enum DoorEvent {
    Shut,
    #[event(other)]
    Unknown,
}

fn main() {}
