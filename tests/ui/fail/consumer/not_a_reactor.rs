use rehydrate::{MemoryStore, Runner};

struct Bell;

fn main() {
    let _ = Runner::new(MemoryStore::new()).reactor(Bell);
}
