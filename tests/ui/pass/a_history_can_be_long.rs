use rehydrate::{Aggregate, Event};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum MeterEvent {
    #[event(history(old::ReadV1, _, old::ReadV3<u64>, _, (u64, String)))]
    Read(Read),
    #[event(history(SetV1))]
    Set,
}

mod old {
    #[derive(serde::Deserialize)]
    pub(crate) struct ReadV1;

    #[derive(serde::Deserialize)]
    pub(crate) struct ReadV3<T>(pub(crate) T);
}

#[derive(Serialize, Deserialize)]
struct Read {
    value: u64,
}

#[derive(Deserialize)]
struct SetV1;

impl From<old::ReadV1> for old::ReadV3<u64> {
    fn from(_: old::ReadV1) -> Self {
        Self(1)
    }
}

impl From<old::ReadV3<u64>> for (u64, String) {
    fn from(old: old::ReadV3<u64>) -> Self {
        (old.0, String::new())
    }
}

impl From<(u64, String)> for Read {
    fn from((value, _): (u64, String)) -> Self {
        Self { value }
    }
}

impl TryFrom<SetV1> for MeterEvent {
    type Error = String;

    fn try_from(_: SetV1) -> Result<Self, String> {
        Err("never shipped".into())
    }
}

#[derive(Default, Aggregate)]
#[aggregate(id = u64, event = MeterEvent)]
struct Meter(u64);

impl ApplyMeterEvent for Meter {
    fn read(&mut self, Read { value }: Read) {
        self.0 = value;
    }

    fn set(&mut self) {}
}

fn main() {
    let mut meter = Meter::default();
    meter.apply(MeterEvent::Read(Read { value: 3 }));
    assert_eq!(meter.0, 3);
    assert_eq!(MeterEvent::Read(Read { value: 3 }).schema_version(), 6);
    assert_eq!(MeterEvent::Set.schema_version(), 2);
}
