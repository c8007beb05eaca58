//! The server and its store from outside: real sockets, real HTTP, a real data directory.

#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to stop; indexing a JSON value never panics"
)]

mod api;
mod browser;
mod crash;
mod door;
mod faults;
mod fuzz;
mod hostile;
mod interrupted;
mod lifecycle;
mod log;
mod races;
mod receivers;
mod refused;
mod resume;
mod schemas;
mod settings;
mod signed_in;
mod standing;
mod start;
mod support;
mod time;
mod unframed;
mod upkeep;
mod webhooks;
