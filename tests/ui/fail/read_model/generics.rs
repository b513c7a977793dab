use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Balance<T, const N: usize> {
    #[read_model(key)]
    fine: String,
    what: std::marker::PhantomData<T>,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Borrowed<'a> {
    #[read_model(key)]
    fine: &'a str,
}

fn is_still_a_row<R: ReadModel>() {}

fn main() {
    is_still_a_row::<Balance<u8, 1>>();
}
