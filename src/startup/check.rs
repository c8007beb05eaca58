//! `papo check`: looks at the settings, the data directory and the machine, and says what stands in the way before it does.
//!
//! Changes nothing, and works beside a running server. Findings have stable codes; their words are the command line's.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use super::check_text;
use super::data_dir::{DATABASE_FILE, KEY_FILE};
use crate::auth::vault::{Vault, VaultError};
use crate::config::Config;
use crate::store::copy;
use crate::store::error::StoreError;
use crate::webhooks::client;

/// Sockets below which a server is a toy: what a shell allows unless told otherwise.
const DESCRIPTORS_FEW: u64 = 4_096;
/// How long a running server may take to say that it is ready.
const READY_TIMEOUT: Duration = Duration::from_secs(5);

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Fine,
    /// It works, and somebody should look.
    Warning,
    /// It doesn't work.
    Fault,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// The stable code; its text is `cli.check.<code>`.
    pub code: &'static str,
    /// What it is about.
    pub what: String,
}

impl Finding {
    fn new(severity: Severity, code: &'static str, what: impl ToString) -> Self {
        Self { severity, code, what: what.to_string() }
    }
}

/// Everything that can be looked at, in the order of a start.
#[must_use]
pub fn check(config: &Config, key: Option<&str>) -> Vec<Finding> {
    let mut findings = vec![descriptors()];
    findings.extend(data(config, key));
    findings.extend(webhooks(config));
    findings.extend(server(config));
    findings
}

fn descriptors() -> Finding {
    let (_soft, hard) = rlimit::Resource::NOFILE.get().unwrap_or_default();
    let severity = if hard < DESCRIPTORS_FEW { Severity::Warning } else { Severity::Fine };
    Finding::new(severity, if severity == Severity::Fine { "descriptors" } else { "descriptors_few" }, hard)
}

fn data(config: &Config, key: Option<&str>) -> Vec<Finding> {
    let path = config.data_dir.join(DATABASE_FILE);
    let shown = path.display().to_string();
    let found = match copy::examine(&path) {
        Ok(found) => found,
        Err(StoreError::NotFound) => return vec![Finding::new(Severity::Fine, "data_new", config.data_dir.display())],
        Err(error) => return vec![Finding::new(Severity::Fault, "database_broken", format!("{shown}: {error}"))],
    };
    let mut findings = Vec::new();
    match (&found.fault, &found.newer, found.pending) {
        (Some(fault), ..) => findings.push(Finding::new(Severity::Fault, "database_broken", format!("{shown}: {fault}"))),
        (None, Some(newer), _) => findings.push(Finding::new(Severity::Fault, "database_newer", newer)),
        (None, None, 0) => findings.push(Finding::new(Severity::Fine, "database", format!("{shown}, {}", found.chats))),
        (None, None, pending) => findings.push(Finding::new(Severity::Warning, "database_older", pending)),
    }
    if let Some(check) = &found.vault_check {
        findings.push(vault(config, key, check));
    }
    if let Some(address) = found.untrusted_forwarder.filter(|address| !is_trusted(config, address)) {
        findings.push(Finding::new(Severity::Warning, "untrusted_forwarder", address));
    }
    findings
}

fn vault(config: &Config, key: Option<&str>, check: &str) -> Finding {
    let path = config.data_dir.join(KEY_FILE);
    let opened = key.map_or_else(|| Vault::from_existing_key_file(&path), Vault::from_text);
    match opened {
        Ok(vault) if check_text(&vault) == check => Finding::new(Severity::Fine, "key", path.display()),
        Ok(_) => Finding::new(Severity::Fault, "key_wrong", path.display()),
        Err(error @ VaultError::KeyMissing(_)) => Finding::new(Severity::Fault, "key_missing", error),
        Err(error) => Finding::new(Severity::Fault, "key_unusable", error),
    }
}

fn is_trusted(config: &Config, address: &str) -> bool {
    address.parse::<IpAddr>().is_ok_and(|address| config.trusted_proxies.iter().any(|network| network.contains(&address)))
}

fn webhooks(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for network in config.webhook_allow.iter().filter(|network| network.prefix_len() < 8) {
        findings.push(Finding::new(Severity::Warning, "webhook_allow_wide", network));
    }
    if let Some(path) = &config.webhook_ca {
        let used = std::fs::read(path)
            .map_err(|error| error.to_string())
            .and_then(|pem| client::tls_config(Some(&pem)).map(drop).map_err(|error| error.to_string()));
        if let Err(error) = used {
            findings.push(Finding::new(Severity::Fault, "webhook_ca_unusable", format!("{}: {error}", path.display())));
        }
    }
    findings
}

/// Asks whoever listens at the server's address.
fn server(config: &Config) -> Vec<Finding> {
    let mut address = config.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { IpAddr::from([127, 0, 0, 1]) } else { IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]) });
    }
    match ready(address) {
        Ok(status) if status.contains(" 200 ") => vec![Finding::new(Severity::Fine, "server_ready", address)],
        Ok(status) => vec![Finding::new(Severity::Fault, "server_not_ready", format!("{address}: {}", status.trim()))],
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            vec![Finding::new(Severity::Fine, "server_stopped", address)]
        }
        Err(error) => vec![Finding::new(Severity::Fault, "server_not_ready", format!("{address}: {error}"))],
    }
}

fn ready(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, READY_TIMEOUT)?;
    stream.set_read_timeout(Some(READY_TIMEOUT))?;
    stream.write_all(format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.take(4_096).read_to_string(&mut answer)?;
    Ok(answer.lines().next().unwrap_or_default().to_owned() + " ")
}
