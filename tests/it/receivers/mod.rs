//! What stands on the other side: the receivers of `docs/webhooks/` and the official libraries, run as processes against a live server.

mod forged;
mod kept;
mod libraries;
mod live;
mod process;
mod recipes;
mod samples;
mod shown;
