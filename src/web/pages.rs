//! Where visitors are now: ephemeral, the latest wins, forgotten when the last tab is gone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::ids::VisitorId;
use crate::domain::page::Page;

/// The present page of each visitor with an open tab.
#[derive(Debug, Default)]
pub struct Pages(Mutex<HashMap<VisitorId, Page>>);

impl Pages {
    /// The visitor went to a page.
    pub fn visit(&self, visitor: VisitorId, page: Page) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(visitor, page);
    }

    /// The visitor's last tab is gone.
    pub fn leave(&self, visitor: VisitorId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&visitor);
    }

    /// Where the visitor is.
    #[must_use]
    pub fn of(&self, visitor: VisitorId) -> Option<Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&visitor).cloned()
    }
}
