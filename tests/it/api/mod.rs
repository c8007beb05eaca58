//! The REST API against a real server: who may do what, what lists do, what bad input gets. Every answer is held against the document.

mod chats;
mod deliveries;
mod document;
mod refused;
mod rights;
pub mod server;
mod sessions;
mod webhooks;
