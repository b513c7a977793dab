use rehydrate::EventSet;

#[derive(EventSet)]
struct HouseEvent {
    #[event_set(aggregate = Door)]
    door: u8,
}

#[derive(EventSet)]
union RoofEvent {
    roof: u8,
}

#[derive(EventSet)]
enum WallEvent {}

fn main() {}
