//! Everything that speaks HTTP: the URL table, extractors, pages, REST and sockets.
//!
//! Knows no SQL; rules are the domain's.

pub mod assets;
pub mod client;
pub mod device;
pub mod error;
pub mod form;
pub mod frame;
pub mod gate;
pub mod lean;
pub mod pages;
pub mod rates;
pub mod session_cookie;
pub mod socket;
pub mod state;
