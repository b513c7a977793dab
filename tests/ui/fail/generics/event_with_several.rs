use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(nmae = "x")]
enum DoorEvent<T: Clone, const N: usize>
where
    T: Send,
{
    #[serde(skip)]
    Shut { by: T },
    Opened(u8, u8),
}

fn main() {}
