//! The server and its store from outside: real sockets, real HTTP, a real data directory.

#![expect(clippy::panic, reason = "a test that meets the unexpected has to stop")]

mod races;
mod support;
mod time;
