use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent<T> {
    Shut { by: T },
}

fn read<E: Event>() {}

fn use_it() {
    read::<DoorEvent<u64>>();
}

fn main() {}
