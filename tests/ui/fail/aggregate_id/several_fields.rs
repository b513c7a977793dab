use rehydrate::AggregateId;
use uuid::Uuid;

#[derive(AggregateId)]
struct DoorId(Uuid, u64);

fn find<I: AggregateId>(_: I) {}

fn use_it(id: DoorId) {
    println!("{id}");
    find(id);
}

fn main() {}
