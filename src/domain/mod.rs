//! The rules of the product as plain data and pure functions.
//!
//! Knows nothing of JSON, SQL, HTTP, sockets, async or a clock: time and ids come in as arguments.

pub mod ids;
pub mod time;
