//! The client of a dispatcher, made anew from time to time: awc closes idle connections only when their own host is asked again, so that those of
//! hosts that are never asked again would stay open for ever.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustls::ClientConfig;

use super::client::{Caller, Limits};
use super::guard::Policy;
use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// Milliseconds that a client is used.
const CLIENT_AGE_MS_MAX: i64 = 600_000;

/// Makes clients by one policy.
pub struct Outgoing {
    policy: Rc<Policy>,
    tls: Arc<ClientConfig>,
    clock: Clock,
    limits: Limits,
    present: RefCell<Option<(Caller, Timestamp)>>,
}

impl Outgoing {
    /// Clients by this policy, for the present thread.
    #[must_use]
    pub fn new(policy: Policy, tls: Arc<ClientConfig>, clock: Clock) -> Self {
        Self { policy: Rc::new(policy), tls, clock, limits: Limits::default(), present: RefCell::new(None) }
    }

    /// The same with other limits: tests don't wait for half a minute.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The present client; an old one lives on until its attempts have ended.
    #[must_use]
    pub fn client(&self, now: Timestamp) -> Caller {
        let mut present = self.present.borrow_mut();
        match &*present {
            Some((client, made)) if now.ms_since(*made) < CLIENT_AGE_MS_MAX => client.clone(),
            Some(_) | None => {
                let client = Caller::new(&self.policy, &self.tls, &self.clock, self.limits);
                *present = Some((client.clone(), now));
                client
            }
        }
    }
}
