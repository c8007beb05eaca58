//! Webhooks from the commit to the receiver: a real store, a real HTTP server that misbehaves as it is told, a clock that tests move.

mod bodies;
mod endpoints;
mod enriching;
mod faults;
mod guard;
mod health;
mod inspector;
mod isolation;
mod log;
mod order;
pub mod receiver;
mod resendings;
mod retention;
mod schedule;
mod signed;
mod world;
