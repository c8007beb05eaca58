//! Limits of how much anybody may do in a minute, by who they are and by where they come from.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use crate::config::Rates;
use crate::domain::ids::{SiteId, VisitorId};

type Keyed<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>;

/// The limiters that sockets and requests share.
pub struct Limits {
    pub rates: Rates,
    visitors: Keyed<VisitorId>,
    address_commands: Keyed<String>,
    site_commands: Keyed<SiteId>,
    sites: Keyed<SiteId>,
    addresses: Keyed<String>,
    connections: Keyed<String>,
    programs: Keyed<Uuid>,
}

/// Not yet: try again after this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl Limits {
    /// Limiters with these rates; each allows a minute's worth at once.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self {
            rates,
            visitors: RateLimiter::keyed(per_minute(rates.visitor_commands_per_minute)),
            address_commands: RateLimiter::keyed(per_minute(rates.address_commands_per_minute)),
            site_commands: RateLimiter::keyed(per_minute(rates.site_commands_per_minute)),
            sites: RateLimiter::keyed(per_minute(rates.site_requests_per_minute)),
            addresses: RateLimiter::keyed(per_minute(rates.address_requests_per_minute)),
            connections: RateLimiter::keyed(per_minute(rates.address_connections_per_minute)),
            programs: RateLimiter::keyed(per_minute(rates.api_requests_per_minute)),
        }
    }

    /// A new chat or offline message on a site from an address.
    ///
    /// # Errors
    /// How long to wait.
    pub fn request(&self, site: SiteId, address: Option<IpAddr>) -> Result<(), Wait> {
        check(&self.addresses, &address_key(address))?;
        check(&self.sites, &site)
    }

    /// One more command of a visitor, whatever the tab, and of all visitors of the address and the site.
    ///
    /// # Errors
    /// How long to wait.
    pub fn command(&self, visitor: Option<VisitorId>, site: SiteId, address: Option<IpAddr>) -> Result<(), Wait> {
        visitor.map_or(Ok(()), |visitor| check(&self.visitors, &visitor))?;
        check(&self.address_commands, &address_key(address))?;
        check(&self.site_commands, &site)
    }

    /// A new socket from an address.
    ///
    /// # Errors
    /// How long to wait.
    pub fn connection(&self, address: Option<IpAddr>) -> Result<(), Wait> {
        check(&self.connections, &address_key(address))
    }

    /// One more request with a token of the REST API, by the id of its record.
    ///
    /// # Errors
    /// How long to wait.
    pub fn program(&self, token: Uuid) -> Result<(), Wait> {
        check(&self.programs, &token)
    }

    /// Forgets who was quiet for a while, so that the maps stay small.
    pub fn forget_idle(&self) {
        self.visitors.retain_recent();
        self.address_commands.retain_recent();
        self.site_commands.retain_recent();
        self.sites.retain_recent();
        self.addresses.retain_recent();
        self.connections.retain_recent();
        self.programs.retain_recent();
    }
}

/// How many signals (typing, marks, the page) may come for each command: they aren't answered and must never cost a message its place.
const SIGNALS_PER_COMMAND: u32 = 10;

/// One socket's own limiters.
pub struct SocketLimit {
    commands: Arc<DefaultDirectRateLimiter>,
    signals: Arc<DefaultDirectRateLimiter>,
}

impl SocketLimit {
    /// Allows a minute's worth at once.
    #[must_use]
    pub fn new(commands_per_minute: u32) -> Self {
        let limiter = |count| Arc::new(RateLimiter::direct(per_minute(count)));
        Self { commands: limiter(commands_per_minute), signals: limiter(commands_per_minute.saturating_mul(SIGNALS_PER_COMMAND)) }
    }

    /// One more command.
    ///
    /// # Errors
    /// How long to wait.
    pub fn check(&self) -> Result<(), Wait> {
        self.commands.check().map_err(|early| Wait(early.wait_time_from(DefaultClock::default().now())))
    }

    /// Whether one more signal may be carried out; one beyond the rate is dropped.
    #[must_use]
    pub fn allows_signal(&self) -> bool {
        self.signals.check().is_ok()
    }
}

fn per_minute(count: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN))
}

fn check<K: Clone + std::hash::Hash + Eq>(limiter: &Keyed<K>, key: &K) -> Result<(), Wait> {
    limiter.check_key(key).map_err(|early| Wait(early.wait_time_from(DefaultClock::default().now())))
}

/// One key per IPv4 address and per IPv6 /64, which is one household.
pub(super) fn address_key(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => address.segments().iter().take(4).map(|part| format!("{part:x}:")).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Limits, SIGNALS_PER_COMMAND, SocketLimit};
    use crate::config::Rates;
    use crate::domain::ids::{SiteId, VisitorId};

    #[test]
    fn many_visitors_of_one_address_or_site_share_its_bound_and_others_stay_free() {
        let rates = Rates { address_commands_per_minute: 2, site_commands_per_minute: 3, ..Rates::default() };
        let (limits, site) = (Limits::new(rates), SiteId::new());
        let says = |address: &str| limits.command(Some(VisitorId::new()), site, address.parse().ok()).is_ok();
        assert!(says("192.0.2.1") && says("192.0.2.1"));
        assert!(!says("192.0.2.1"), "the address has had its minute's worth");
        assert!(says("192.0.2.2"));
        assert!(!says("192.0.2.3"), "the site has had its minute's worth");
        assert!(limits.command(None, SiteId::new(), "192.0.2.3".parse().ok()).is_ok());
    }

    #[test]
    fn typing_and_marks_cost_no_message_its_place() {
        let limit = SocketLimit::new(1);
        for _ in 0..SIGNALS_PER_COMMAND {
            assert!(limit.allows_signal());
        }
        assert!(!limit.allows_signal(), "but they are bounded too");
        assert!(limit.check().is_ok());
        assert!(limit.check().is_err());
    }
}
