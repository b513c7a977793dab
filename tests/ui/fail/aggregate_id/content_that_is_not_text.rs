use rehydrate::AggregateId;

#[derive(AggregateId)]
struct DoorId(Vec<u8>);

fn main() {}
