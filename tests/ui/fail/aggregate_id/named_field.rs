use rehydrate::AggregateId;
use uuid::Uuid;

#[derive(AggregateId)]
struct DoorId {
    id: Uuid,
}

fn main() {}
