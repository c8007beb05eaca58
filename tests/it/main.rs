//! The server and its store from outside: real sockets, real HTTP, a real data directory.

#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to stop; indexing a JSON value never panics"
)]

mod api;
mod browser;
mod door;
mod fuzz;
mod lifecycle;
mod races;
mod receivers;
mod refused;
mod resume;
mod schemas;
mod settings;
mod standing;
mod start;
mod support;
mod time;
mod upkeep;
mod webhooks;
