use rehydrate::AggregateId;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Key;

impl std::str::FromStr for Key {
    type Err = std::convert::Infallible;

    fn from_str(_: &str) -> Result<Self, Self::Err> {
        Ok(Self)
    }
}

#[derive(AggregateId)]
struct DoorId(Key);

fn main() {}
