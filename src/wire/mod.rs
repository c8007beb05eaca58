//! JSON: what is stored as text, what sockets and REST speak, what webhooks tell.
//!
//! Visitor views and agent views are different types, so an internal note can't leak by a forgotten condition. Knows no SQL and no sockets.

pub mod answer;
pub mod api;
pub mod catalogue;
pub mod commands;
pub mod csv;
pub mod curl;
pub mod delivery_file;
pub mod demo;
pub mod detail;
pub mod entries;
pub mod frames;
pub mod payload;
pub mod stored;
pub mod stored_endpoint;
pub mod stored_enrichment;
pub mod stored_event;
pub mod stored_filter;
pub mod time;
pub mod views;
