//! `derive(Describe)` tells the truth about the JSON that serde writes and reads.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[path = "describe/cases.rs"]
mod cases;
#[path = "describe/conversions.rs"]
mod conversions;
#[path = "describe/enums.rs"]
mod enums;
#[path = "describe/exact.rs"]
mod exact;
#[path = "describe/fingerprints.rs"]
mod fingerprints;
#[path = "describe/known.rs"]
mod known;
#[path = "describe/law.rs"]
mod law;
#[path = "describe/rewrite.rs"]
mod rewrite;
#[path = "describe/shapes.rs"]
mod shapes;
#[path = "describe/structs.rs"]
mod structs;
#[path = "describe/validator.rs"]
mod validator;
