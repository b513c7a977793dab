use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};
use rehydrate::schema::Shape;

macro_rules! events {
    ($name:ident, $ty:ty, $($variant:ident $stored:literal),*) => {
        #[derive(Event, Serialize, Deserialize)]
        enum $name {
            $(#[event(name = $stored)] $variant { value: $ty },)*
        }
    };
}

macro_rules! aggregate {
    ($name:ident, $id:ty, $event:ty, $every:literal) => {
        #[derive(Aggregate, Default, Serialize, Deserialize)]
        #[aggregate(id = $id, event = $event, snapshot(every = $every))]
        struct $name(u64);
    };
}

events!(MeterEvent, Option<u64>, Read "meter-read", Set "meter-set");
aggregate!(Meter, String, MeterEvent, 5);

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
    let read = MeterEvent::SCHEMA.types[0];
    assert_eq!(read.name, "meter-read");
    let Shape::Fields(fields) = read.versions[0] else { unreachable!() };
    assert_eq!(fields[0].ty, "Option<u64>");
}
