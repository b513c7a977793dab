//! What a replayed event costs, as counts that are the same on a busy machine: a change that makes
//! it dearer fails here, and not in somebody's benchmark a year later. Nothing is timed.

#[path = "guard/allocations.rs"]
mod allocations;
#[path = "guard/instructions.rs"]
mod instructions;
#[path = "guard/parcels.rs"]
mod parcels;
