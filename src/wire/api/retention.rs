//! How long what webhooks carried is kept, over REST.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::retention;

/// Days that what webhooks carried is kept.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Retention {
    /// Bodies of events.
    pub body_days: i64,
    /// Deliveries with their attempts, from their end.
    pub attempt_days: i64,
}

/// What of it changes; what isn't given stays. Bodies can't outlive their deliveries.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionChange {
    #[serde(default)]
    #[schemars(range(min = 1, max = 3650))]
    pub body_days: Option<i64>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 3650))]
    pub attempt_days: Option<i64>,
}

impl Retention {
    /// What is kept for how long.
    #[must_use]
    pub const fn of(kept: retention::Retention) -> Self {
        Self { body_days: kept.body_days, attempt_days: kept.attempt_days }
    }
}

impl RetentionChange {
    /// What it makes of what was.
    #[must_use]
    pub fn of(self, before: retention::Retention) -> retention::Retention {
        retention::Retention {
            body_days: self.body_days.unwrap_or(before.body_days),
            attempt_days: self.attempt_days.unwrap_or(before.attempt_days),
        }
    }
}
