use rehydrate::Event;

#[derive(Event)]
union DoorEvent {
    shut: u8,
}

fn main() {}
