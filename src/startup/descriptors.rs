//! How many sockets the machine lets this process hold. Each is a file descriptor; where they end, accepting fails, and so does opening the
//! database's log: so sockets are refused, with a time to come back, while there is still a reserve for everything else.

/// Descriptors that sockets leave to pages, requests, webhooks and the database.
const RESERVE: u64 = 512;
/// Of these, how many connections of any kind leave to what isn't one.
const RESERVE_OF_CONNECTIONS: u64 = 128;
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
}

impl Descriptors {
    /// What a limit allows; always room for a few.
    #[must_use]
    pub fn within(limit: u64) -> Self {
        let limit = limit.min(SOCKETS_UNLIMITED);
        let without = |reserve: u64| usize::try_from(limit.saturating_sub(reserve).max(limit / 4)).unwrap_or(usize::MAX);
        Self { limit, sockets_max: without(RESERVE), connections_max: without(RESERVE_OF_CONNECTIONS) }
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
    use super::Descriptors;

    #[test]
    fn sockets_end_before_connections_and_those_before_the_limit() {
        for limit in [256, 1_024, 20_000, u64::MAX] {
            let allowed = Descriptors::within(limit);
            assert!(allowed.sockets_max > 0 && allowed.sockets_max <= allowed.connections_max, "{allowed:?}");
            assert!(u64::try_from(allowed.connections_max).is_ok_and(|connections| connections < allowed.limit), "{allowed:?}");
        }
        assert_eq!(Descriptors::within(20_000).sockets_max, 19_488);
    }
}
