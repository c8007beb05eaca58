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
mod matrix;
mod order;
mod patience;
pub mod receiver;
mod resendings;
mod retention;
mod schedule;
mod secure;
mod signed;
mod single;
mod spellings;
mod watched;
pub mod world;
