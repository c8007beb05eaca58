//! What handlers share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::chat_reads::ChatReads;
use super::entry::Entry;
use super::gate::Gate;
use super::pages::Pages;
use super::rates::Limits;
use crate::auth::vault::Vault;
use crate::config::Config;
use crate::domain::address::AllowList;
use crate::domain::endpoint::url::{UrlConcern, WebhookUrl};
use crate::hub::Hub;
use crate::store::Store;
use crate::webhooks::board::Board;
use crate::webhooks::inspector::Inspector;
use crate::webhooks::pulse::Pulse;
use crate::webhooks::trial::Trials;

/// Everything that a handler may need; one per process.
pub struct AppState {
    pub store: Store,
    pub hub: Hub,
    pub config: Arc<Config>,
    pub vault: Arc<Vault>,
    pub gate: Gate,
    /// Sockets at once; more are told to come back.
    pub sockets_max: usize,
    pub limits: Limits,
    pub pages: Pages,
    pub entry: Entry,
    /// Whether the dispatcher of webhooks lives.
    pub pulse: Pulse,
    pub chat_reads: ChatReads,
    /// Whether a proxy that is not named as one was noted since the start.
    pub forwarder_noted: AtomicBool,
    /// Where POSTs to our own inspector address end.
    pub inspector: Arc<Inspector>,
    /// What holds endpoints back at this moment.
    pub board: Arc<Board>,
    /// Where addresses are tried that are not saved yet.
    pub trials: Trials,
}

impl AppState {
    /// What an endpoint's admin should know of its address, given what the operator opened. Nothing of our own inspector's: that is never dialled.
    #[must_use]
    pub fn concern(&self, url: &WebhookUrl) -> Option<UrlConcern> {
        let concern = url.concern(&AllowList::from(self.config.webhook_allow.clone()))?;
        (!self.inspector.is_at(&self.store, url)).then_some(concern)
    }
}
