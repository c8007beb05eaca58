//! The rules of the product as plain data and pure functions.
//!
//! Knows nothing of JSON, SQL, HTTP, sockets, async or a clock: time and ids come in as arguments.

pub mod address;
pub mod agent;
pub mod backoff;
pub mod chat;
pub mod color;
pub mod delivery;
pub mod delivery_filter;
pub mod department;
pub mod directory;
pub mod endpoint;
pub mod enrichment;
pub mod event_type;
pub mod host;
pub mod ids;
pub mod intake;
pub mod latency;
pub mod offline;
pub mod organisation;
pub mod page;
pub mod protocol;
pub mod resending;
pub mod retention;
pub mod routing;
pub mod site;
pub mod tag;
pub mod text;
pub mod time;
pub mod visible;
pub mod visitor;
pub mod webhook_id;
