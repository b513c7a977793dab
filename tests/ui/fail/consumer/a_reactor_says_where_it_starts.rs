use rehydrate::{Aggregate, Attempt, Event, Failure, Reaction, Reactor, Recorded};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
enum DoorEvent {
    Shut,
}

#[derive(Aggregate, Default)]
#[aggregate(id = u64, event = DoorEvent)]
struct Door;

impl ApplyDoorEvent for Door {
    fn shut(&mut self) {}
}

struct Bell;

impl Reactor for Bell {
    type Events = Door;
    const NAME: &'static str = "bell";

    async fn react(&self, _: &Recorded<'_, DoorEvent>, _: &Attempt) -> Result<Reaction, Failure> {
        Ok(Reaction::Done)
    }
}

fn main() {}
