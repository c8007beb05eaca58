//! Answers that enrich: what a receiver tells is taken once, in the transaction that records its attempt, and fires what anybody's change fires.

mod crash;
mod ignored;
mod live;
mod office;
mod taken;
