//! The HTTP client of the deliveries: guarded, HTTP/1.1, TLS always verified, no redirects, no decompression, no proxy.
//!
//! One per thread. Its pool is its own, so that no unguarded connection can enter it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::guard::{Guard, Policy};
use crate::clock::Clock;
use crate::domain::endpoint::url::WebhookUrl;

/// Time to resolve and connect.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for the whole attempt, the body of the answer included.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long an idle connection is kept: shorter than most receivers keep theirs.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The PEM file of a private authority can't be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Not readable.
    #[error("PAPO_WEBHOOK_CA could not be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// No certificate in it, or not one of an authority.
    #[error("PAPO_WEBHOOK_CA holds no usable certificate")]
    Unusable,
}

/// What certificates are verified with: the public authorities, and the operator's own (PEM) if there is one.
pub fn tls_config(authority_pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, AuthorityError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(mut pem) = authority_pem {
        let certificates: Vec<CertificateDer<'static>> = rustls_pemfile::certs(&mut pem).collect::<Result<_, _>>()?;
        let (added, _ignored) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(AuthorityError::Unusable);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// How long an attempt may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To resolve and connect; and as much again for the handshake of TLS.
    pub connect: Duration,
    /// In all, the body of the answer included.
    pub attempt: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: CONNECT_TIMEOUT, attempt: ATTEMPT_TIMEOUT }
    }
}

/// What attempts are made with.
#[derive(Clone)]
pub struct Caller {
    plain: awc::Client,
    // A pool of its own: awc tells connections apart by host and port alone.
    secure: awc::Client,
    /// How long an attempt may take.
    pub limits: Limits,
}

impl Caller {
    /// A caller by this policy, for the present thread.
    #[must_use]
    pub fn new(policy: &Rc<Policy>, tls: &Arc<ClientConfig>, clock: &Clock, limits: Limits) -> Self {
        let client = |tls| build(Guard::new(Rc::clone(policy), clock.clone(), limits.connect, tls), limits);
        Self { plain: client(None), secure: client(Some(Arc::clone(tls))), limits }
    }

    /// A request to this address.
    #[must_use]
    pub fn request(&self, url: &WebhookUrl) -> awc::ClientRequest {
        if url.is_plain() {
            return self.plain.post(url.as_str());
        }
        // The guard makes it secure; the port is spelled out, since awc takes the URL for a plain one.
        self.secure.post(url.as_if_plain())
    }
}

fn build(guard: Guard, limits: Limits) -> awc::Client {
    // awc makes a TLS configuration before it is given ours, and panics without a process-wide provider where two are linked.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let connector = awc::Connector::new()
        .connector(guard)
        // The guard counts the time itself, and knows what it was spent on.
        .timeout(limits.attempt)
        .conn_keep_alive(KEEP_ALIVE)
        // 0: unlimited. The limits are per endpoint and ours: a global one lets a hanging receiver starve all others.
        .limit(0);
    awc::Client::builder().connector(connector).disable_redirects().disable_timeout().no_default_headers().finish()
}
