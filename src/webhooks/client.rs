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

/// Time to resolve and connect.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
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

/// A client by this policy, for the present thread.
pub fn build(policy: Rc<Policy>, tls: Arc<ClientConfig>, clock: Clock) -> awc::Client {
    // awc makes a TLS configuration before it is given ours, and panics without a process-wide provider where two are linked.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let connector = awc::Connector::new()
        .connector(Guard::new(policy, clock))
        .rustls_0_23(tls)
        .timeout(CONNECT_TIMEOUT)
        .handshake_timeout(CONNECT_TIMEOUT)
        .conn_keep_alive(KEEP_ALIVE)
        // 0: unlimited. The limits are per endpoint and ours: a global one lets a hanging receiver starve all others.
        .limit(0);
    awc::Client::builder().connector(connector).disable_redirects().disable_timeout().no_default_headers().finish()
}
