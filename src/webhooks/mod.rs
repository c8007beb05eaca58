//! Getting events to their endpoints: due deliveries → guard → signature → POST → result.
//!
//! The only layer that calls out over HTTP, and the only one that knows `awc`. It knows the store and nothing of sockets, pages or chats: a body is
//! bytes that were frozen when the event happened.
//!
//! **Threading contract.** [`start`] makes one thread with its own event loop; everything but the [`inspector::Inspector`] stays on it.

pub mod attempt;
pub mod breaker;
pub mod client;
pub mod dispatcher;
pub mod guard;
pub mod inspector;
pub mod lane;
pub mod outgoing;
pub mod reading;
pub mod signature;
mod work;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::auth::vault::Vault;
use crate::store::Store;
use client::AuthorityError;
use dispatcher::Dispatcher;
use guard::Policy;
use inspector::Inspector;
use outgoing::Outgoing;

/// Time that attempts under way get at the stop.
const STOP_GRACE: Duration = Duration::from_secs(4);

/// Why the dispatcher did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The operator's own authority can't be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// No thread could be made.
    #[error("the webhook thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// The dispatcher's thread.
pub struct Running {
    stop: tokio::sync::watch::Sender<bool>,
    thread: JoinHandle<()>,
}

/// Starts delivering. `authority_pem` is a private authority's certificate, for receivers that have one from it.
///
/// # Errors
/// The authority can't be used, or no thread could be made.
pub fn start(
    store: Store,
    vault: Vault,
    policy: Policy,
    authority_pem: Option<&[u8]>,
    inspector: Arc<Inspector>,
) -> Result<Running, StartError> {
    let tls = client::tls_config(authority_pem)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let thread = std::thread::Builder::new().name("webhooks".to_owned()).spawn(move || {
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async move {
            let outgoing = Outgoing::new(policy, tls, store.clock().clone());
            Dispatcher::new(store, vault, outgoing, inspector, Box::new(rand::random)).run(stopped, STOP_GRACE).await;
        });
    })?;
    Ok(Running { stop, thread })
}

impl Running {
    /// Stops: nothing new is started, what is under way gets a few seconds. Blocks until the thread has ended.
    pub fn stop(self) {
        self.stop.send_replace(true);
        if self.thread.join().is_err() {
            tracing::error!("the webhook thread ended by a panic");
        }
    }
}
