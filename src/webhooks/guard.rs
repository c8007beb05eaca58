//! Decides which address a connection may be made to: the one that is dialled, after DNS, for every spelling, at every attempt.
//!
//! Stands in the place of awc's resolver, TCP and TLS connectors, so that names, literals, odd spellings and preset addresses all pass here; certificates
//! are verified by the URL's host. It dials exactly the addresses that it judged: a name that resolves
//! differently a moment later (rebinding) gains nothing.
//! Threads: one per client, on the client's thread. Doesn't know requests or endpoints.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_service::Service;
use actix_tls::connect::rustls_0_23::reexports::AsyncTlsStream;
use actix_tls::connect::rustls_0_23::{TlsConnector, TlsConnectorService};
use actix_tls::connect::tcp::TcpConnectorService;
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use actix_web::rt::net::{ActixStream, Ready};
use awc::http::Uri;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::line::Line;
use crate::clock::Clock;
use crate::domain::address::AllowList;
use crate::domain::time::Timestamp;

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

type Pending<T> = Pin<Box<dyn Future<Output = T>>>;

/// Turns a host name into addresses. The system's, unless a test brings its own.
pub type Lookup = Arc<dyn Fn(String, u16) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>> + Send + Sync>;

/// The addresses that the guard judges by.
#[derive(Clone)]
pub struct Policy {
    /// What the operator opened.
    pub allow: AllowList,
    /// Where this server listens: never called, whatever is open.
    pub own: Vec<SocketAddr>,
    /// How names are resolved.
    pub lookup: Lookup,
}

impl Policy {
    /// The policy with the system's resolver.
    #[must_use]
    pub fn new(allow: AllowList, own: Vec<SocketAddr>) -> Self {
        Self {
            allow,
            own,
            lookup: Arc::new(|host, port| Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })),
        }
    }

    /// Of a host's addresses, those that may be dialled; IPv4 first, since nothing races them.
    fn judge(&self, addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
        if addresses.iter().any(|address| self.is_own(*address)) {
            return Err(Refused::Own);
        }
        let mut dialable = self.allow.dialable(addresses, SocketAddr::ip);
        if dialable.is_empty() {
            return Err(Refused::Blocked);
        }
        dialable.sort_by_key(SocketAddr::is_ipv6);
        dialable.truncate(ADDRESSES_MAX);
        Ok(dialable)
    }

    fn is_own(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.own.iter().filter(|own| own.port() == address.port()).any(|own| {
            let own = own.ip().to_canonical();
            // Dialling "any address" reaches loopback; listening on it answers on every address of the machine.
            ip == own || ip.is_unspecified() || (own.is_unspecified() && (ip.is_loopback() || is_of_this_machine(ip)))
        })
    }
}

/// Whether a packet to `ip` would leave from `ip` itself. Connecting a UDP socket asks the routing table and sends nothing.
fn is_of_this_machine(ip: IpAddr) -> bool {
    let any: IpAddr = if ip.is_ipv4() { std::net::Ipv4Addr::UNSPECIFIED.into() } else { std::net::Ipv6Addr::UNSPECIFIED.into() };
    UdpSocket::bind((any, 0))
        .and_then(|socket| socket.connect((ip, 9)).and_then(|()| socket.local_addr()))
        .is_ok_and(|local| local.ip() == ip)
}

/// Why nothing was dialled. Says nothing of the addresses: the sender of a test must not learn what a name resolves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a public address, and not opened.
    #[error("the address is not public and PAPO_WEBHOOK_ALLOW does not open it")]
    Blocked,
    /// This server itself.
    #[error("the address is this server's own")]
    Own,
}

/// What is known of the connection that an attempt dialled; empty where it used one that stood already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dial {
    /// Milliseconds that resolving took.
    pub resolved_ms: Option<i64>,
    /// Milliseconds until the connection stood, resolving included.
    pub connected_ms: Option<i64>,
    /// The address that was dialled.
    pub remote: Option<SocketAddr>,
    /// Whether the guard was asked at all.
    pub is_new: bool,
    /// Whether the receiver closed the connection.
    pub has_ended: bool,
}

tokio::task_local! {
    /// The dial of the attempt that is being polled.
    pub static DIAL: Rc<RefCell<Dial>>;
}

/// What an answer comes through.
pub enum Transport {
    /// As it is.
    Plain(TcpStream),
    /// Over TLS.
    Secure(Box<AsyncTlsStream<TcpStream>>),
}

/// The connector for awc: of plain connections, or of those over TLS. awc believes all to be plain.
#[derive(Clone)]
pub struct Guard {
    policy: Rc<Policy>,
    clock: Clock,
    timeout: Duration,
    tcp: TcpConnectorService,
    tls: Option<TlsConnectorService>,
}

impl Guard {
    /// A guard by this policy; `timeout` for resolving and connecting, and as much again for the handshake where there is `tls`.
    #[must_use]
    pub fn new(policy: Rc<Policy>, clock: Clock, timeout: Duration, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { policy, clock, timeout, tcp: TcpConnectorService::default(), tls: tls.map(TlsConnector::service) }
    }

    async fn connect(self, info: ConnectInfo<Uri>) -> Result<Connection<Uri, Line<Transport>>, ConnectError> {
        let began = self.clock.now().steady;
        note(|dial| *dial = Dial { is_new: true, ..Dial::default() });
        let (host, port) = (info.hostname().trim_matches(['[', ']']).to_owned(), info.port());
        let dialled = tokio::time::timeout(self.timeout, self.dial(info, host, port, began)).await.map_err(late)??;
        let Some(tls) = &self.tls else {
            let (stream, rest) = dialled.replace_io(());
            return Ok(rest.replace_io(Line::new(Transport::Plain(stream))).1);
        };
        let secured = tokio::time::timeout(self.timeout, tls.call(dialled)).await.map_err(late)?;
        let (stream, rest) = secured.map_err(ConnectError::Io)?.replace_io(());
        Ok(rest.replace_io(Line::new(Transport::Secure(Box::new(stream)))).1)
    }

    async fn dial(
        &self,
        info: ConnectInfo<Uri>,
        host: String,
        port: u16,
        began: Timestamp,
    ) -> Result<Connection<Uri, TcpStream>, ConnectError> {
        // Addresses that were preset on the request are not looked at: they are overwritten below.
        let found = match host.parse::<IpAddr>() {
            Ok(ip) => vec![SocketAddr::new(ip, port)],
            Err(_not_a_literal) => (self.policy.lookup)(host, port).await.map_err(|error| ConnectError::Resolver(Box::new(error)))?,
        };
        if found.is_empty() {
            return Err(ConnectError::NoRecords);
        }
        let dialable = self.policy.judge(found).map_err(|refused| ConnectError::Resolver(Box::new(refused)))?;
        let resolved_ms = self.clock.now().steady.ms_since(began);
        note(|dial| dial.resolved_ms = Some(resolved_ms));
        let connection = self.tcp.call(info.set_addrs(dialable)).await?;
        let stream = connection.io_ref();
        let peer = stream.peer_addr().map_err(ConnectError::Io)?;
        if let Err(refused) = self.policy.judge(vec![peer]) {
            return Err(ConnectError::Resolver(Box::new(refused)));
        }
        // Small requests must not wait for the acknowledgement of the one before.
        stream.set_nodelay(true).map_err(ConnectError::Io)?;
        let connected_ms = self.clock.now().steady.ms_since(began);
        note(|dial| {
            dial.connected_ms = Some(connected_ms);
            dial.remote = Some(peer);
        });
        Ok(connection)
    }
}

/// Told apart by its kind: the connector has no word of its own for it.
fn late(_elapsed: tokio::time::error::Elapsed) -> ConnectError {
    ConnectError::Io(io::ErrorKind::TimedOut.into())
}

impl Service<ConnectInfo<Uri>> for Guard {
    type Response = Connection<Uri, Line<Transport>>;
    type Error = ConnectError;
    type Future = Pending<Result<Self::Response, Self::Error>>;

    actix_service::always_ready!();

    fn call(&self, info: ConnectInfo<Uri>) -> Self::Future {
        Box::pin(self.clone().connect(info))
    }
}

impl Transport {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream.get_ref().0,
        }
    }
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transport")
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Secure(stream) => match Pin::new(stream).poll_read(cx, buf) {
                // Many close without the farewell of TLS; whether an answer is whole, its length says.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
                read => read,
            },
        };
        if matches!(read, Poll::Ready(Ok(()))) && buf.filled().len() == before && buf.remaining() > 0 {
            note(|dial| dial.has_ended = true);
        }
        read
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl ActixStream for Line<Transport> {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        self.stream().tcp().poll_read_ready(cx).map_ok(|()| Ready::READABLE)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        self.stream().tcp().poll_write_ready(cx).map_ok(|()| Ready::WRITABLE)
    }
}

fn note(write: impl FnOnce(&mut Dial)) {
    // Outside an attempt nobody wants to know.
    let _outside = DIAL.try_with(|dial| write(&mut dial.borrow_mut()));
}
