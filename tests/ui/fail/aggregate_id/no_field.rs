use rehydrate::AggregateId;

#[derive(AggregateId)]
struct DoorId;

#[derive(AggregateId)]
struct GateId();

fn main() {}
