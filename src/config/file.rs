//! The TOML file: the same settings as the flags, and the rates.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;

use super::Rates;

/// The keys of the TOML file; the rates have their own table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub listen: Option<SocketAddr>,
    pub data_dir: Option<PathBuf>,
    pub public_url: Option<String>,
    #[serde(default)]
    pub trusted_proxies: Vec<IpNet>,
    #[serde(default)]
    pub webhook_allow: Vec<IpNet>,
    pub webhook_ca: Option<PathBuf>,
    #[serde(default)]
    pub rates: FileRates,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRates {
    pub visitor_commands_per_minute: Option<u32>,
    pub address_commands_per_minute: Option<u32>,
    pub site_commands_per_minute: Option<u32>,
    pub agent_commands_per_minute: Option<u32>,
    pub site_requests_per_minute: Option<u32>,
    pub address_requests_per_minute: Option<u32>,
    pub address_connections_per_minute: Option<u32>,
    pub api_requests_per_minute: Option<u32>,
}

impl FileRates {
    /// The usual rates with what the file says instead.
    #[must_use]
    pub fn over_usual(&self) -> Rates {
        let usual = Rates::default();
        Rates {
            visitor_commands_per_minute: self.visitor_commands_per_minute.unwrap_or(usual.visitor_commands_per_minute),
            address_commands_per_minute: self.address_commands_per_minute.unwrap_or(usual.address_commands_per_minute),
            site_commands_per_minute: self.site_commands_per_minute.unwrap_or(usual.site_commands_per_minute),
            agent_commands_per_minute: self.agent_commands_per_minute.unwrap_or(usual.agent_commands_per_minute),
            site_requests_per_minute: self.site_requests_per_minute.unwrap_or(usual.site_requests_per_minute),
            address_requests_per_minute: self.address_requests_per_minute.unwrap_or(usual.address_requests_per_minute),
            address_connections_per_minute: self.address_connections_per_minute.unwrap_or(usual.address_connections_per_minute),
            api_requests_per_minute: self.api_requests_per_minute.unwrap_or(usual.api_requests_per_minute),
        }
    }
}
