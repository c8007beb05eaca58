//! Set-up, sign-in and the settings pages, as a browser without script meets them.

mod deliveries;
mod departments;
mod login;
pub mod office;
mod people;
mod setup;
mod sites;
mod tags;
mod tokens;
mod webhook_endpoint;
mod webhook_inspector;
mod webhook_trial;
mod webhooks;
