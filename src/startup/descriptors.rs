//! How the descriptors that the machine allows are shared out. Each socket is one, and so is each webhook under way; where they end, accepting fails, and so
//! does whatever else opens a file: so sockets are refused, with a time to come back, and connections wait, while there is still a reserve for everything else.

/// Descriptors of the process itself: the database with its log and readers, listeners, event loops.
const OWN: u64 = 64;
/// Connections that sockets leave to pages and requests.
const PAGES: u64 = 128;
/// Webhooks under way.
const WEBHOOKS: u64 = 512;
/// Of a small limit, webhooks and pages get one part in so many each.
const PART: u64 = 8;
/// Sockets where the limit can't be read or is none.
const SOCKETS_UNLIMITED: u64 = 1_000_000;

/// What the limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    pub limit: u64,
    /// Sockets of visitors and agents at once.
    pub sockets_max: usize,
    /// Connections of any kind at once.
    pub connections_max: usize,
    /// Webhooks under way at once.
    pub webhooks_max: usize,
}

impl Descriptors {
    /// What a limit allows; always room for a few.
    #[must_use]
    pub fn within(limit: u64) -> Self {
        let limit = limit.min(SOCKETS_UNLIMITED);
        let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let webhooks = WEBHOOKS.min(limit / PART).max(1);
        // A quarter more, for connections to receivers that are kept for the next webhook.
        let connections = limit.saturating_sub(OWN + webhooks + webhooks / 4).max(limit / 4).max(1);
        let sockets = connections.saturating_sub(PAGES.min(limit / PART)).max(1);
        Self { limit, sockets_max: count(sockets), connections_max: count(connections), webhooks_max: count(webhooks) }
    }
}

/// Raises the soft limit to the hard one, and says what that allows.
#[must_use]
pub fn raise() -> Descriptors {
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(SOCKETS_UNLIMITED);
    let allowed = Descriptors::within(limit);
    tracing::info!(descriptors = allowed.limit, sockets = allowed.sockets_max, "the descriptor limit allows so many sockets at once");
    allowed
}

#[cfg(test)]
mod tests {
    use super::{Descriptors, OWN};

    #[test]
    fn sockets_end_before_connections_and_all_of_it_before_the_limit() {
        for limit in [256, 1_024, 4_096, 20_000, u64::MAX] {
            let allowed = Descriptors::within(limit);
            assert!(allowed.sockets_max > 0 && allowed.sockets_max < allowed.connections_max, "{allowed:?}");
            let used = allowed.connections_max + allowed.webhooks_max;
            assert!(u64::try_from(used).is_ok_and(|used| used + OWN <= allowed.limit), "{allowed:?}");
        }
        assert_eq!(Descriptors::within(20_000).sockets_max, 19_168);
        assert_eq!(Descriptors::within(256).sockets_max, 120);
    }
}
