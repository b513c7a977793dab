use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Balance {
    #[read_model(key)]
    #[serde(with = "as_text")]
    fine: u64,
    #[serde(serialize_with = "as_text::serialize")]
    cents: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
    #[read_model(json)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
}

mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
        u64::deserialize(from)
    }
}

fn main() {}
