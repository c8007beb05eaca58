//! What holds endpoints back at this moment, for the pages that show it: written by the dispatcher, read by whoever asks.
//!
//! A copy, never the truth: nothing is decided by it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::ids::EndpointId;
use crate::domain::time::Timestamp;

/// Why nothing, or little, goes to an endpoint that is enabled. Times are steady.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restraint {
    /// It could not be reached: one delivery finds out at this time whether it can be again; `None`: with the next one, or just now.
    Unreachable(Option<Timestamp>),
    /// It asked to be left alone until this time.
    Paused(Timestamp),
}

/// What holds which endpoint back; those that nothing holds back are not on it.
#[derive(Debug, Default)]
pub struct Board(Mutex<HashMap<EndpointId, Restraint>>);

impl Board {
    /// What holds an endpoint back.
    #[must_use]
    pub fn of(&self, endpoint: EndpointId) -> Option<Restraint> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&endpoint).copied()
    }

    /// Shows these from now on.
    pub fn show(&self, restraints: HashMap<EndpointId, Restraint>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = restraints;
    }
}
