//! A crate that allows nothing.

#![deny(warnings, missing_docs, unreachable_pub, missing_debug_implementations)]
#![deny(
    unused_qualifications,
    deprecated,
    non_camel_case_types,
    unused_results
)]
#![forbid(unsafe_code)]

use rehydrate::{Aggregate, AggregateId, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Events.
#[derive(Debug, Event, Serialize, Deserialize)]
pub enum DoorEvent {
    /// Somebody shut it.
    ///
    /// With more lines.
    Shut {
        /// Who.
        by: String,
    },
    #[doc = "Not used any more."]
    #[deprecated = "doors do not squeak"]
    Squeaked,
    /// Many fields.
    #[allow(missing_docs, reason = "a test")]
    Measured {
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
    },
}

/// Events whose texts are lent.
#[derive(Debug, Event, Serialize, Deserialize)]
#[event(borrow)]
pub enum GateEvent {
    /// Somebody shut it.
    Shut {
        /// Who.
        by: String,
        /// When.
        at: Option<[u64; 32]>,
    },
    /// It made a noise.
    #[deprecated = "gates do not squeak"]
    Squeaked(String),
    /// It was opened.
    Opened,
}

/// A gate.
#[derive(Debug, Default, Aggregate)]
#[aggregate(id = DoorId, event = GateEvent)]
pub struct Gate;

impl ApplyGateEvent for Gate {
    fn shut(&mut self, _by: &str, _at: Option<[u64; 32]>) {}
    fn squeaked(&mut self, _: &str) {}
    fn opened(&mut self) {}
}

/// An id.
#[derive(Debug, AggregateId)]
pub struct DoorId(Uuid);

#[derive(AggregateId)]
struct PrivateId(Uuid);

/// A door.
#[derive(Debug, Default, Aggregate)]
#[aggregate(id = DoorId, event = DoorEvent)]
pub struct Door {
    measured: u8,
}

impl ApplyDoorEvent for Door {
    fn shut(&mut self, _by: String) {}
    fn squeaked(&mut self) {}
    fn measured(&mut self, a: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, h: u8) {
        self.measured = a + h;
    }
}

fn main() {
    let mut door = Door::default();
    door.apply(DoorEvent::Measured {
        a: 1,
        b: 0,
        c: 0,
        d: 0,
        e: 0,
        f: 0,
        g: 0,
        h: 2,
    });
    assert_eq!(door.measured, 3);
    assert_eq!(PrivateId(Uuid::nil()).to_string(), Uuid::nil().to_string());
}
