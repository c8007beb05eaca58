//! Webhooks from the commit to the receiver: a real store, a real HTTP server that misbehaves as it is told, a clock that tests move.

mod bodies;
mod endpoints;
mod faults;
mod guard;
mod inspector;
mod isolation;
mod matrix;
mod order;
mod patience;
pub mod receiver;
mod schedule;
mod secure;
mod signed;
mod single;
mod spellings;
mod watched;
pub mod world;
