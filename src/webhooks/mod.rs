//! Getting events to their endpoints: due deliveries → guard → signature → POST → result.
//!
//! The only layer that calls out over HTTP, and the only one that knows `awc`. It knows the store and nothing of sockets, pages or chats: a body is
//! bytes that were frozen when the event happened.

pub mod attempt;
pub mod breaker;
pub mod client;
pub mod guard;
pub mod signature;
