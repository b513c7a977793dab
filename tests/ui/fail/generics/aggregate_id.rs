use rehydrate::AggregateId;

#[derive(AggregateId)]
struct DoorId<T>(T);

fn main() {}
