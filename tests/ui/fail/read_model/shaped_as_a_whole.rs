use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[serde(tag = "kind")]
struct Tagged {
    #[read_model(key)]
    id: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[serde(transparent)]
struct Transparent {
    #[read_model(key)]
    id: u32,
}

#[derive(ReadModel, Serialize, Deserialize, Clone)]
#[serde(from = "u32", into = "u32")]
struct Converted {
    #[read_model(key)]
    id: u32,
}

impl From<u32> for Converted {
    fn from(id: u32) -> Self {
        Self { id }
    }
}

impl From<Converted> for u32 {
    fn from(row: Converted) -> Self {
        row.id
    }
}

fn main() {}
