use rehydrate::Event;

#[derive(Event)]
enum DoorEvent {
    Shut,
}

fn main() {}
