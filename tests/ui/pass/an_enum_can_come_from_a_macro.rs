use rehydrate::schema::Shape;
use rehydrate::{Aggregate, AggregateId, Event};
use serde::{Deserialize, Serialize};

macro_rules! events {
    ($name:ident, $ty:ty, $old:ty, $($variant:ident $stored:literal),*) => {
        #[derive(Event, Serialize, Deserialize)]
        enum $name {
            $(#[event(name = $stored, history($old))] $variant { value: $ty },)*
        }

        impl From<$old> for $name {
            fn from(_: $old) -> Self {
                Self::Read { value: None }
            }
        }
    };
}

macro_rules! id {
    ($name:ident, $inner:ty) => {
        #[derive(AggregateId)]
        struct $name($inner);
    };
}

macro_rules! aggregate {
    ($name:ident, $id:ty, $event:ty, $every:literal) => {
        #[derive(Aggregate, Default, Serialize, Deserialize)]
        #[aggregate(id = $id, event = $event, snapshot(every = $every))]
        struct $name(u64);
    };
}

events!(MeterEvent, Option<u64>, OldMeter, Read "meter-read", Set "meter-set");
id!(MeterId, uuid::Uuid);
aggregate!(Meter, MeterId, MeterEvent, 5);

#[derive(Deserialize)]
struct OldMeter;

impl ApplyMeterEvent for Meter {
    fn read(&mut self, _: Option<u64>) {}

    fn set(&mut self, value: Option<u64>) {
        self.0 = value.unwrap_or_default();
    }
}

fn main() {
    let mut meter = Meter::default();
    meter.apply(MeterEvent::Read { value: None });
    meter.apply(MeterEvent::Set { value: Some(4) });
    assert_eq!(meter.0, 4);
    assert_ne!(MeterId::new().to_string(), "");
    let read = MeterEvent::SCHEMA.types[0];
    assert_eq!(read.name, "meter-read");
    let Shape::Fields { fields, .. } = read.versions[1] else {
        unreachable!()
    };
    assert_eq!(fields[0].ty, "Option<u64>");
}
