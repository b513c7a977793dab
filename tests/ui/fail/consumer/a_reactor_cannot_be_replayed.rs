use rehydrate::{Aggregate, Attempt, Event, Failure, MemoryStore, Reaction, Reactor, Rebuild};
use rehydrate::{Recorded, Runner, Start};
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
    const START: Start = Start::Now;

    async fn react(&self, _: &Recorded<'_, DoorEvent>, _: &Attempt) -> Result<Reaction, Failure> {
        Ok(Reaction::Done)
    }
}

fn main() {
    let _ = Rebuild::new(MemoryStore::new(), Bell);
    let _ = Runner::new(MemoryStore::new()).projection(Bell);
}
