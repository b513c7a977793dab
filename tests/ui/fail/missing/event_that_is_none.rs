use rehydrate::Aggregate;
use uuid::Uuid;

struct DoorEvent;

#[derive(Aggregate, Default)]
#[aggregate(id = Uuid, event = DoorEvent)]
struct Door;

fn main() {}
