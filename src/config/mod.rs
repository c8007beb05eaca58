//! What the operator chose, as plain data. Where it comes from (flags, environment, a TOML file) is the command line's business.

pub mod file;

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use url::Url;

/// How a running server is set up.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    /// The address that people and links use; never taken from a request.
    pub public_url: Url,
    /// Proxies whose forwarding header is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Networks that webhooks may reach though they are not public.
    pub webhook_allow: Vec<IpNet>,
    /// A private authority (PEM) that webhooks trust beside the public ones.
    pub webhook_ca: Option<PathBuf>,
    /// Threads that serve.
    pub workers: usize,
    pub rates: Rates,
    /// Set for `papo demo`.
    pub demo: Option<Demo>,
}

/// The walls and the shop of a demo.
#[derive(Clone, Debug)]
pub struct Demo {
    /// The shop's address, on another origin than the server.
    pub shop_url: Url,
}

/// How much one side may do, per minute. Sockets and requests beyond it are told to wait.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Commands of one visitor's socket.
    pub visitor_commands_per_minute: u32,
    /// Commands of all visitors from one address (IPv6: /64).
    pub address_commands_per_minute: u32,
    /// Commands of all visitors of one site.
    pub site_commands_per_minute: u32,
    /// Commands of one agent's socket.
    pub agent_commands_per_minute: u32,
    /// New chats and offline messages of one site.
    pub site_requests_per_minute: u32,
    /// New chats and offline messages of one address (IPv6: /64).
    pub address_requests_per_minute: u32,
    /// New sockets of one address (IPv6: /64).
    pub address_connections_per_minute: u32,
    /// REST requests of one token.
    pub api_requests_per_minute: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            visitor_commands_per_minute: 60,
            address_commands_per_minute: 3_000,
            site_commands_per_minute: 30_000,
            agent_commands_per_minute: 600,
            site_requests_per_minute: 600,
            address_requests_per_minute: 60,
            address_connections_per_minute: 300,
            api_requests_per_minute: 600,
        }
    }
}

impl Config {
    /// Whether an origin (`https://host:port`) is this server's own.
    #[must_use]
    pub fn is_own_origin(&self, origin: &str) -> bool {
        self.public_url.origin().ascii_serialization() == origin
    }

    /// A path below the public address, such as `/login`.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.public_url.as_str().trim_end_matches('/'))
    }

    /// The public address of a socket.
    #[must_use]
    pub fn socket_link(&self, path: &str) -> String {
        self.link(path).replacen("http", "ws", 1)
    }
}
