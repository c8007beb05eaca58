//! What stands before an account: slowed-down guessing, a bounded number of password hashes at once, and the set-up code.
//!
//! One value for the whole process. Refusals tell no numbers. Source of the rules: SECURITY.md, Accounts.

use std::net::IpAddr;

use actix_web::web;
use tokio::sync::Semaphore;

use super::rates::address_key;
use crate::auth::password::{self, NewPassword, PASSWORD_HASHES_MAX};
use crate::auth::setup_code::SetupCode;
use crate::auth::slowdown::{Pace, Slowdown};
use crate::domain::ids::AgentId;
use crate::domain::time::Timestamp;

/// Guesses at one account: five are free, then 1, 2, 4 … up to 30 seconds between two.
const ACCOUNT_PACE: Pace = Pace { free: 5, first_wait_seconds: 1, longest_wait_seconds: 30, forget_seconds: 900 };
/// Guesses from one address, generous since phones and offices share addresses.
const ADDRESS_PACE: Pace = Pace { free: 30, first_wait_seconds: 1, longest_wait_seconds: 60, forget_seconds: 900 };
/// Five tries at the set-up code in a minute, whoever makes them.
const SETUP_PACE: Pace = Pace { free: 5, first_wait_seconds: 12, longest_wait_seconds: 60, forget_seconds: 60 };
/// Ten webhook tests of one admin in a minute.
const TEST_PACE: Pace = Pace { free: 10, first_wait_seconds: 60, longest_wait_seconds: 60, forget_seconds: 60 };
/// Logins that may wait for a free hash; beyond it they are told that the server is busy.
const HASHES_WAITING_MAX: usize = 64;

/// The gate of this process.
#[derive(Debug)]
pub struct Gate {
    accounts: Slowdown<String>,
    addresses: Slowdown<String>,
    setup: Slowdown<()>,
    tests: Slowdown<AgentId>,
    hashing: Semaphore,
    waiting: Semaphore,
    setup_code: SetupCode,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            accounts: Slowdown::new(ACCOUNT_PACE),
            addresses: Slowdown::new(ADDRESS_PACE),
            setup: Slowdown::new(SETUP_PACE),
            tests: Slowdown::new(TEST_PACE),
            hashing: Semaphore::new(PASSWORD_HASHES_MAX),
            waiting: Semaphore::new(HASHES_WAITING_MAX),
            setup_code: SetupCode::new(),
        }
    }
}

/// Why a login isn't even looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Too many guesses; later.
    Slowly,
    /// Too many hashes under way.
    Busy,
}

impl Gate {
    /// The code of this start, for the line that the server prints.
    #[must_use]
    pub const fn setup_code(&self) -> &SetupCode {
        &self.setup_code
    }

    /// Notes a try at the set-up code; false: not yet again. `now` is steady time.
    #[must_use]
    pub fn allows_setup(&self, now: Timestamp) -> bool {
        let allowed = self.setup.allows(&(), now);
        if allowed {
            self.setup.tried((), now);
        }
        allowed
    }

    /// Forgets the tries after the right code, so that other mistakes in the form cost nothing.
    pub fn setup_code_was_right(&self) {
        self.setup.succeeded(&());
    }

    /// Notes a webhook test by an admin; false: not yet again. `now` is steady time.
    #[must_use]
    pub fn allows_test(&self, admin: AgentId, now: Timestamp) -> bool {
        let allowed = self.tests.allows(&admin, now);
        if allowed {
            self.tests.tried(admin, now);
        }
        allowed
    }

    /// Notes a login for `account` from `address`. `now` is steady time.
    ///
    /// # Errors
    /// `Slowly` where either has to wait.
    pub fn enter(&self, account: &str, address: Option<IpAddr>, now: Timestamp) -> Result<(), Closed> {
        let (account, address) = (key_of_account(account), address_key(address));
        if !self.accounts.allows(&account, now) || !self.addresses.allows(&address, now) {
            return Err(Closed::Slowly);
        }
        self.accounts.tried(account, now);
        self.addresses.tried(address, now);
        Ok(())
    }

    /// Forgets an account's failures after the right password. Of its address only this try is taken back, lest one good account make guessing free.
    pub fn password_was_right(&self, account: &str, address: Option<IpAddr>) {
        self.accounts.succeeded(&key_of_account(account));
        self.addresses.take_back(&address_key(address));
    }

    /// Whether `typed` is the password behind `stored`, on another thread, a few at a time; the same time without a stored hash.
    ///
    /// # Errors
    /// `Busy` where too many wait already.
    pub async fn verify(&self, stored: Option<String>, typed: String) -> Result<bool, Closed> {
        self.hash_on_thread(move || password::verify(stored.as_deref(), &typed)).await
    }

    /// The hash of a new password, on another thread, a few at a time.
    ///
    /// # Errors
    /// `Busy` where too many wait already.
    pub async fn hash(&self, password: NewPassword) -> Result<String, Closed> {
        self.hash_on_thread(move || password.hash()).await
    }

    async fn hash_on_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Closed> {
        let _place = self.waiting.try_acquire().map_err(|_full| Closed::Busy)?;
        let _turn = self.hashing.acquire().await.map_err(|_closed| Closed::Busy)?;
        web::block(work).await.map_err(|_stopped| Closed::Busy)
    }
}

fn key_of_account(email: &str) -> String {
    email.trim().to_lowercase().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{Closed, Gate, address_key};
    use crate::domain::time::Timestamp;

    #[test]
    fn guesses_at_one_account_slow_down_and_others_stay_free() {
        let gate = Gate::default();
        let now = Timestamp::from_ms(1_000_000);
        for _ in 0..5 {
            assert_eq!(gate.enter("Ana@x.br", None, now), Ok(()));
        }
        assert_eq!(gate.enter(" ana@X.br", None, now), Err(Closed::Slowly));
        assert_eq!(gate.enter("bia@x.br", None, now), Ok(()));
        assert_eq!(gate.enter("ana@x.br", None, now.plus_seconds(2)), Ok(()));
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let key = |text: &str| address_key(text.parse::<IpAddr>().ok());
        assert_eq!(key("2001:db8:1:2:3::4"), key("2001:db8:1:2:ffff::1"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
