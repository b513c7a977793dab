use rehydrate::Describe;

#[derive(Describe)]
struct Page<T> {
    items: Vec<T>,
}

struct Money;

fn describe<T: Describe>() {}

fn main() {
    describe::<Page<u64>>();
    describe::<Page<Money>>();
    describe::<Money>();
}
