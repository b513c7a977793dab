use rehydrate::Event;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum AnyEvent {
    #[event(other)]
    Any,
}

fn main() {
    assert_eq!(AnyEvent::SCHEMA.types.len(), 0);
    assert_eq!(AnyEvent::SCHEMA.other, Some("any"));
    assert!(AnyEvent::Any.encode().is_err());
}
