use rehydrate::AggregateId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(AggregateId)]
struct DoorId(Uuid, u64);

#[derive(Serialize, Deserialize)]
struct Lock {
    door: DoorId,
}

fn find<I: AggregateId>(_: I) {}

fn use_it(id: DoorId) {
    println!("{id}");
    find(id);
}

fn main() {}
