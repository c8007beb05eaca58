//! Resendings over REST: many deliveries sent again.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{Named, one_of, time, time_or_null};
use crate::domain::delivery::DeliveryState;
use crate::domain::directory::Directory;
use crate::domain::event_type::EventType;
use crate::domain::resending::{self, Kind, State};
use crate::wire::time::rfc3339;

/// What is to be sent again. At least one property must restrict it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResendingWish {
    /// `filtered`, what fits, delivered or not; or `recover`, what the endpoint did not get: held, failed or aborted. `filtered` if not given.
    #[schemars(schema_with = "kinds")]
    pub kind: String,
    /// Only to this endpoint; required to recover.
    pub endpoint_id: Option<String>,
    #[serde(rename = "type")]
    #[schemars(schema_with = "types")]
    pub event_type: Option<String>,
    /// Only in one of these states; not given: any.
    #[schemars(schema_with = "states")]
    pub states: Vec<String>,
    pub chat_id: Option<String>,
    /// Only queued at or after this.
    #[schemars(schema_with = "time_or_null")]
    pub from: Option<String>,
    /// Only queued before this.
    #[schemars(schema_with = "time_or_null")]
    pub to: Option<String>,
    /// As the parameter `text` of the log.
    pub text: Option<String>,
    /// Of the count: then what came since is not of it.
    pub up_to: Option<i64>,
}

/// Many deliveries sent again, in the order of each chat.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Resending {
    pub id: String,
    #[schemars(schema_with = "kinds")]
    pub kind: &'static str,
    /// Null: of several.
    pub endpoint: Option<Named>,
    #[schemars(schema_with = "progress_states")]
    pub state: &'static str,
    /// Why it stopped: `endpoint_disabled` or `endpoint_removed`.
    pub reason: Option<String>,
    /// New deliveries queued so far.
    pub sent: i64,
    /// Left out so far: on their way already, arrived meanwhile, tests, without a body, or of an endpoint that takes nothing.
    pub skipped: i64,
    /// How many fitted at the beginning.
    pub expected: i64,
    /// Whether there were more than `expected`.
    pub at_least: bool,
    /// How far it is.
    pub percent: i64,
    /// Who asked for it.
    pub created_by: Option<Named>,
    #[schemars(schema_with = "time")]
    pub created_at: String,
    #[schemars(schema_with = "time_or_null")]
    pub ended_at: Option<String>,
}

fn kinds(_: &mut SchemaGenerator) -> Schema {
    one_of(Kind::ALL.map(Kind::as_str))
}

fn progress_states(_: &mut SchemaGenerator) -> Schema {
    one_of(State::ALL.map(State::as_str))
}

fn types(_: &mut SchemaGenerator) -> Schema {
    one_of(EventType::ALL.iter().map(|event| event.as_str()))
}

fn states(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<&str> = DeliveryState::ALL.iter().map(|state| state.as_str()).collect();
    schemars::json_schema!({"type": "array", "items": {"type": "string", "enum": words}})
}

impl Resending {
    /// One of them.
    #[must_use]
    pub fn of(resending: &resending::Resending, directory: &Directory) -> Self {
        let name = |id| directory.endpoints.get(&id).map_or("", |endpoint| endpoint.draft.name.as_str());
        Self {
            id: resending.id.to_string(),
            kind: resending.kind.as_str(),
            endpoint: resending.endpoint.map(|id| Named::new(&id, name(id))),
            state: resending.state.as_str(),
            reason: resending.reason.clone(),
            sent: resending.sent,
            skipped: resending.skipped,
            expected: resending.expected.n,
            at_least: resending.expected.at_least,
            percent: resending.percent(),
            created_by: resending.created_by.map(|id| Named::agent(directory, id)),
            created_at: rfc3339(resending.created_at),
            ended_at: resending.ended_at.map(rfc3339),
        }
    }
}
