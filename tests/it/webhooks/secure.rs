//! TLS is always verified: whose certificate is no good gets no event.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use papo::domain::delivery::AttemptCode::{self, ConnectTimeout, Delivered, ResponseBroken, TlsFailed};
use papo::webhooks::client::{Limits, tls_config};
use papo::webhooks::guard::Policy;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::receiver::{Answer, Greeting, Receiver};
use super::single::{PATIENT, Sender, open};
use super::world::on_one_thread;

const NAME: &str = "crm.example";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

fn server(certificate: CertificateDer<'static>, key: &KeyPair) -> Greeting {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate], key).expect("a certificate and its key");
    Greeting::Secure(Arc::new(config))
}

/// A certificate for this name, signed by the authority, valid in these years.
fn signed_by(authority: &Authority, name: &str, years: (i32, i32)) -> Greeting {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, authority).expect("a certificate");
    server(certificate.der().clone(), &key)
}

/// Names lead to the receiver; loopback is opened.
fn towards(address: SocketAddr) -> Policy {
    let mut policy = open();
    policy.lookup = Arc::new(move |_, _| Box::pin(async move { Ok(vec![address]) }));
    policy
}

async fn comes_to(greeting: Greeting, trusted: Option<&Authority>, url: &str) -> (AttemptCode, usize) {
    let receiver = Receiver::opens_with(greeting);
    let pem = trusted.map(|authority| authority.pem());
    let sender = Sender::new(towards(receiver.address), pem.as_deref().map(str::as_bytes), PATIENT);
    let made = sender.posts(&url.replace("PORT", &receiver.address.port().to_string())).await;
    (made.attempt.code, receiver.posts().len())
}

#[test]
fn a_certificate_that_is_no_good_gets_nothing() {
    on_one_thread(async {
        let (ours, other) = (authority(), authority());
        let good = (2020, 2100);
        let own_key = KeyPair::generate().expect("a key");
        let alone = CertificateParams::new(vec![NAME.to_owned()]).expect("a name").self_signed(&own_key).expect("a certificate");
        let url = "https://crm.example:PORT/hook";
        for (name, greeting, trusted) in [
            ("self-signed", server(alone.der().clone(), &own_key), Some(&ours)),
            ("expired", signed_by(&ours, NAME, (2001, 2002)), Some(&ours)),
            ("not yet valid", signed_by(&ours, NAME, (2090, 2100)), Some(&ours)),
            ("another host's", signed_by(&ours, "bank.example", good), Some(&ours)),
            ("of an authority nobody knows", signed_by(&other, NAME, good), Some(&ours)),
            ("of a private authority that was not given", signed_by(&ours, NAME, good), None),
            ("no TLS", Greeting::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Some(&ours)),
            ("closed at the handshake", Greeting::Close, Some(&ours)),
            ("reset at the handshake", Greeting::Reset, Some(&ours)),
        ] {
            assert_eq!(comes_to(greeting, trusted, url).await, (TlsFailed, 0), "{name}");
        }
    });
}

#[test]
fn a_private_authority_that_was_given_is_trusted_for_its_own_names() {
    on_one_thread(async {
        let ours = authority();
        let good = (2020, 2100);
        assert_eq!(comes_to(signed_by(&ours, NAME, good), Some(&ours), "https://crm.example:PORT/hook").await, (Delivered, 1));
        assert_eq!(comes_to(signed_by(&ours, "127.0.0.1", good), Some(&ours), "https://127.0.0.1:PORT/hook").await, (Delivered, 1));
        assert_eq!(comes_to(signed_by(&ours, NAME, good), Some(&ours), "https://127.0.0.1:PORT/hook").await, (TlsFailed, 0));
        assert_eq!(comes_to(signed_by(&ours, NAME, good), Some(&ours), "http://crm.example:PORT/hook").await.0, ResponseBroken);
    });
}

#[test]
fn a_handshake_that_hangs_ends_with_the_time_to_connect() {
    on_one_thread(async {
        let receiver = Receiver::opens_with(Greeting::Ignore);
        let limits = Limits { connect: Duration::from_millis(300), ..PATIENT };
        let made = Sender::new(towards(receiver.address), None, limits).posts("https://crm.example:9/hook").await;
        assert_eq!((made.attempt.code, made.next.retry_in_ms), (ConnectTimeout, Some(5_000)));
    });
}

#[test]
fn over_tls_connections_are_kept_and_a_close_without_a_farewell_is_an_end() {
    on_one_thread(async {
        let ours = authority();
        let receiver = Receiver::opens_with(signed_by(&ours, NAME, (2020, 2100)));
        let pem = ours.pem();
        let sender = Sender::new(towards(receiver.address), Some(pem.as_bytes()), PATIENT);
        let url = format!("https://{NAME}:{}/hook?key=1", receiver.address.port());
        for _ in 0..3 {
            assert_eq!(sender.posts(&url).await.attempt.code, Delivered);
        }
        assert_eq!(receiver.connections(), 1);
        let posts = receiver.posts();
        assert_eq!((posts[0].target.as_str(), posts[0].header("host")), ("/hook?key=1", url.split('/').nth(2).expect("an authority")));
        receiver.answers_next([Answer::RawThenClose(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok".to_vec())]);
        let made = sender.posts(&url).await;
        assert_eq!((made.attempt.code, made.attempt.response_body.as_slice()), (Delivered, b"ok".as_slice()));
    });
}

#[test]
fn a_file_without_a_certificate_is_no_authority() {
    assert!(tls_config(Some(b"")).is_err());
    assert!(tls_config(Some(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")).is_err());
}
