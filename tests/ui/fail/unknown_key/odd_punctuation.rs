use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(, retired("z" "b"), legacy("c" = Old<A, B> = D); retired = "x")]
enum DoorEvent {
    #[event(::name = "shut", name = "a" + "b", name[0], alias = (x, y))]
    Shut,
    #[event(history(A B, Map<K, V>, (A, B) C), r#name = "open", crate = 1)]
    Opened,
}

fn main() {}
