use rehydrate::AggregateId;

#[derive(AggregateId)]
enum DoorId {
    Number(u64),
}

fn main() {}
