//! Papo: a complete live-chat server in one process and one data directory.
//!
//! The layers, each importing only from those above it (`tests/tidy.rs` asserts it):
//!
//! | layer | knows | never knows |
//! |---|---|---|
//! | [`domain`], [`config`], [`clock`], [`metrics`] | the rules; plain data; the one `now`; counts | JSON, SQL, HTTP, sockets, async |
//! | [`auth`], [`i18n`] | passwords, tokens, secrets; texts | who calls |
//! | [`wire`] | serde: views, frames, webhook bodies | SQL, sockets |
//! | [`store`] | all of diesel | HTTP, sockets |
//! | [`hub`] | topics, bounded outlets, presence | JSON, actix, the store |
//! | [`relay`] | committed event to frames to hub | HTTP |
//! | [`sweeper`] | what time does, always by commands | HTTP |
//! | [`webhooks`] | lease, guard, sign, POST, record | web, hub |
//! | [`web`] | actix: URLs, pages, REST, sockets | SQL |
//! | [`startup`] | wiring and shutdown order | rules |
//! | [`cli`] | flags, environment, the TOML file; words for the operator | rules |

pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod hub;
pub mod i18n;
pub mod metrics;
pub mod relay;
pub mod startup;
pub mod store;
pub mod sweeper;
pub mod web;
pub mod webhooks;
pub mod wire;
