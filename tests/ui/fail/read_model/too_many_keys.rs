use rehydrate::ReadModel;
use serde::{Deserialize, Serialize};

#[derive(ReadModel, Serialize, Deserialize, Clone)]
struct Balance {
    #[read_model(key)]
    k1: u32,
    #[read_model(key)]
    k2: u32,
    #[read_model(key)]
    k3: u32,
    #[read_model(key)]
    k4: u32,
    #[read_model(key)]
    k5: u32,
    #[read_model(key)]
    k6: u32,
    #[read_model(key)]
    k7: u32,
    #[read_model(key)]
    k8: u32,
    #[read_model(key)]
    k9: u32,
    #[read_model(key)]
    k10: u32,
    #[read_model(key)]
    k11: u32,
    #[read_model(key)]
    k12: u32,
    #[read_model(key)]
    k13: u32,
}

fn main() {}
