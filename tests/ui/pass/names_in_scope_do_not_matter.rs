#![allow(dead_code)]

use serde::{Deserialize as De, Serialize as Ser};

mod core {}
mod std {}
struct String;
struct Vec;
struct Option;
enum Result {}
struct Ok;
struct Err;
struct Some;
struct None;
struct Decoded;
struct StoredEvent;
struct SchemaVersion;
trait Event {}
trait Aggregate {}
trait ApplyTo {}

#[derive(rehydrate::Event, Ser, De)]
#[event(borrow, retired("ajar"), legacy("slammed" = Slammed))]
enum DoorEvent {
    #[event(history(ShutV1))]
    Shut {
        cents: u64,
        stored: u64,
        owner: u8,
        aggregate: u8,
        lent: ::std::string::String,
    },
    #[event(history(OpenedV1))]
    Opened(Opened),
    #[event(other)]
    Unknown,
}

#[derive(Ser, De)]
struct Opened;

#[derive(De)]
struct OpenedV1;

#[derive(De)]
struct ShutV1;

#[derive(De)]
struct Slammed;

impl From<OpenedV1> for Opened {
    fn from(_: OpenedV1) -> Self {
        Self
    }
}

impl From<ShutV1> for DoorEvent {
    fn from(_: ShutV1) -> Self {
        Self::Unknown
    }
}

impl From<Slammed> for ::std::vec::Vec<DoorEvent> {
    fn from(_: Slammed) -> Self {
        Self::new()
    }
}

#[derive(rehydrate::AggregateId)]
struct DoorId(::uuid::Uuid);

#[derive(rehydrate::Aggregate, Default, Ser, De)]
#[aggregate(id = DoorId, event = DoorEvent, snapshot(every = 10))]
struct Door {
    cents: u64,
}

impl ApplyDoorEvent for Door {
    fn shut(&mut self, paid: u64, _: u64, _: u8, _: u8, _: &str) {
        self.cents = paid;
    }

    fn opened(&mut self, _: Opened) {}

    fn unknown(&mut self) {}
}

fn main() {
    let mut door = Door::default();
    rehydrate::Aggregate::apply(
        &mut door,
        DoorEvent::Shut {
            cents: 9,
            stored: 0,
            owner: 0,
            aggregate: 0,
            lent: ::std::string::String::new(),
        },
    );
    assert_eq!(door.cents, 9);
}
