//! Getting events to their endpoints: due deliveries → guard → signature → POST → result.
//!
//! The only layer that calls out over HTTP, and the only one that knows `awc`. It knows the store and nothing of sockets, pages or chats: a body is
//! bytes that were frozen when the event happened.
//!
//! **Threading contract.** [`start`] makes one thread with its own event loop; everything but the [`inspector::Inspector`] and the [`pulse::Pulse`]
//! stays on it. A dispatcher that panics is followed by another one.

pub mod attempt;
pub mod breaker;
pub mod client;
pub mod dispatcher;
pub mod guard;
pub mod inspector;
pub mod lane;
mod line;
pub mod outgoing;
pub mod pulse;
pub mod signature;
mod work;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use crate::auth::vault::Vault;
use crate::store::Store;
use client::AuthorityError;
use dispatcher::{Dispatcher, End};
use guard::Policy;
use inspector::Inspector;
use outgoing::Outgoing;
use pulse::Pulse;

/// Wait before another dispatcher goes on for one that broke, so that a fault that comes again at once doesn't take the whole processor.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
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
    /// Tells that it lives.
    pub pulse: Pulse,
    stop: watch::Sender<bool>,
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
    let (stop, stopped) = watch::channel(false);
    let pulse = Pulse::default();
    let made = pulse.clone();
    let dispatcher = move || {
        let outgoing = Outgoing::new(policy.clone(), Arc::clone(&tls), store.clock().clone());
        let (store, vault, inspector) = (store.clone(), vault.clone(), Arc::clone(&inspector));
        Dispatcher::new(store, vault, outgoing, inspector, Box::new(rand::random)).with_pulse(made.clone())
    };
    let thread = std::thread::Builder::new().name("webhooks".to_owned()).spawn(move || supervise(&runtime, &stopped, &dispatcher))?;
    Ok(Running { pulse, stop, thread })
}

/// One dispatcher after the other until it is to stop: what one that broke had under way is still due in the store.
fn supervise(runtime: &tokio::runtime::Runtime, stopped: &watch::Receiver<bool>, dispatcher: &dyn Fn() -> Dispatcher) {
    loop {
        let local = tokio::task::LocalSet::new();
        let stop = stopped.clone();
        let run = async { dispatcher().run(stop, STOP_GRACE).await };
        let end = std::panic::catch_unwind(AssertUnwindSafe(|| local.block_on(runtime, run)));
        if matches!(end, Ok(End::Stopped)) {
            return;
        }
        tracing::error!("the webhook dispatcher broke; another one goes on");
        let mut stop = stopped.clone();
        // Whichever comes first.
        drop(runtime.block_on(async { tokio::time::timeout(RESTART_PAUSE, stop.changed()).await }));
    }
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
