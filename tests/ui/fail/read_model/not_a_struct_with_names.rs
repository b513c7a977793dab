use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
enum Enum {
    One,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Tuple(u32, u32);

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Unit;

#[derive(ReadModel, Clone, Copy)]
union Union {
    id: u32,
}

fn main() {}
