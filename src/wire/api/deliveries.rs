//! Deliveries over REST, and the catalogue of what is delivered.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::enrichment::Enrichment;
use super::{Named, one_of, time, time_or_null};
use crate::domain::delivery::{self, AttemptCode, Cause, DeliveryState};
use crate::domain::delivery_filter::Listed;
use crate::domain::directory::Directory;
use crate::domain::enrichment;
use crate::domain::event_type::EventType;
use crate::domain::time::Moment;
use crate::domain::webhook_id::WebhookId;
use crate::wire::catalogue::Entry;
use crate::wire::time::rfc3339;

/// One event on its way to one endpoint.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Delivery {
    pub id: String,
    /// The `webhook-id` of its requests, and the `id` of its body.
    pub event_id: String,
    #[serde(rename = "type")]
    #[schemars(schema_with = "types")]
    pub kind: &'static str,
    /// Whether the event is a test.
    pub test: bool,
    pub endpoint: Named,
    pub chat_id: Option<String>,
    #[schemars(schema_with = "causes")]
    pub cause: &'static str,
    #[schemars(schema_with = "states")]
    pub state: &'static str,
    pub attempts_made: u32,
    /// What the last attempt came to, as `code` of an attempt.
    pub last_code: Option<&'static str>,
    /// The status of the last answer.
    pub last_status: Option<u16>,
    /// When the event happened.
    #[schemars(schema_with = "time")]
    pub event_at: String,
    /// When it was queued.
    #[schemars(schema_with = "time")]
    pub created_at: String,
    #[schemars(schema_with = "time_or_null")]
    pub next_attempt_at: Option<String>,
    #[schemars(schema_with = "time_or_null")]
    pub ended_at: Option<String>,
}

/// A delivery in the log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LoggedDelivery {
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The protocol of its chat.
    pub protocol: Option<String>,
    /// How long the last attempt took.
    pub duration_ms: Option<i64>,
}

/// Part of the log, the last queued first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LogPage {
    pub data: Vec<LoggedDelivery>,
    /// What to give as `cursor` for older ones; null at the end.
    pub next_cursor: Option<String>,
    /// What to give as `cursor` for newer ones, those that come later too: ask again with it to follow the log.
    pub previous_cursor: String,
    /// Whether looking for a text stopped at its limit: the page may be short, even empty, and `next_cursor` goes on.
    pub stopped: bool,
}

/// How many deliveries fit a filter.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Count {
    /// Counting stops at 10,000, and with a text after 5,000 looked at.
    pub count: i64,
    /// Whether counting stopped before the end.
    pub at_least: bool,
    /// Give it as `up_to` of a resending: then what comes meanwhile is not of it.
    pub up_to: i64,
}

/// One POST.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attempt {
    pub number: u32,
    #[schemars(schema_with = "time")]
    pub at: String,
    pub duration_ms: i64,
    /// Until the name's addresses were known; null where a connection was reused, as `connected_ms`.
    pub resolved_ms: Option<i64>,
    /// Until the connection stood.
    pub connected_ms: Option<i64>,
    /// Until the head of the answer had come.
    pub answered_ms: Option<i64>,
    #[schemars(schema_with = "codes")]
    pub code: &'static str,
    pub status: Option<u16>,
    /// With its query masked.
    pub url: String,
    pub remote_address: Option<String>,
    /// Without the values of the endpoint's own.
    pub request_headers: Vec<HeaderLine>,
    pub response_headers: Vec<HeaderLine>,
    /// The beginning of the answer; only with the scope `deliveries:read`, else null.
    pub response_body: Option<String>,
    pub response_truncated: bool,
}

/// A header as it was sent.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HeaderLine {
    pub name: String,
    pub value: String,
}

/// A delivery with its attempts.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DeliveryDetail {
    pub delivery: Delivery,
    /// The body as it is sent; only with the scope `deliveries:read`, and until it is erased or old, else null.
    #[schemars(schema_with = "object_or_null")]
    pub body: Value,
    /// Whether the body is still kept: without it the delivery can't be sent again.
    pub has_body: bool,
    /// The protocol of its chat.
    pub protocol: Option<String>,
    /// The delivery of the same chat to the same endpoint before this one.
    pub previous_id: Option<String>,
    /// The one after it.
    pub next_id: Option<String>,
    pub attempts: Vec<Attempt>,
    /// What was taken of the last answer that told something; null where none did.
    pub enrichment: Option<Enrichment>,
}

/// One type of event.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CatalogueEntry {
    #[serde(rename = "type")]
    #[schemars(schema_with = "types")]
    pub kind: &'static str,
    /// Its name, in the language of `Accept-Language`.
    pub name: String,
    /// When it happens, in the language of `Accept-Language`.
    pub sentence: String,
    /// The JSON Schema (2020-12) of its bodies.
    #[schemars(schema_with = "object_or_null")]
    pub schema: Value,
    /// A body as it might come.
    #[schemars(schema_with = "object_or_null")]
    pub example: Value,
}

fn types(_: &mut SchemaGenerator) -> Schema {
    one_of(EventType::ALL.iter().map(|event| event.as_str()))
}

fn causes(_: &mut SchemaGenerator) -> Schema {
    one_of(Cause::ALL.iter().map(|cause| cause.as_str()))
}

fn states(_: &mut SchemaGenerator) -> Schema {
    one_of(DeliveryState::ALL.iter().map(|state| state.as_str()))
}

fn codes(_: &mut SchemaGenerator) -> Schema {
    one_of(AttemptCode::ALL.iter().map(|code| code.as_str()))
}

fn object_or_null(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": ["object", "null"]})
}

impl Delivery {
    /// A delivery as it stands at `now`.
    #[must_use]
    pub fn of(delivery: &delivery::Delivery, directory: &Directory, now: Moment) -> Self {
        let endpoint = directory.endpoints.get(&delivery.endpoint);
        let next = delivery.next_steady.filter(|_| delivery.state == DeliveryState::Due);
        Self {
            id: delivery.id.to_string(),
            event_id: WebhookId { event: delivery.event, test: delivery.test }.to_string(),
            kind: delivery.event_type.as_str(),
            test: delivery.test,
            endpoint: Named::new(&delivery.endpoint, endpoint.map_or("", |endpoint| &endpoint.draft.name)),
            chat_id: delivery.chat.map(|chat| chat.to_string()),
            cause: delivery.cause.as_str(),
            state: delivery.state.as_str(),
            attempts_made: delivery.attempts,
            last_code: delivery.last_code.map(AttemptCode::as_str),
            last_status: delivery.last_status,
            event_at: rfc3339(delivery.event_at),
            created_at: rfc3339(delivery.created_at),
            next_attempt_at: next.map(|due| rfc3339(now.wall.plus_ms(due.ms_since(now.steady)))),
            ended_at: delivery.ended_at.map(rfc3339),
        }
    }
}

impl Attempt {
    /// An attempt; what was answered only where it may be read.
    #[must_use]
    pub fn of(number: u32, attempt: &delivery::Attempt, with_bodies: bool) -> Self {
        let lines = |pairs: &[(String, String)]| {
            pairs.iter().map(|(name, value)| HeaderLine { name: name.clone(), value: value.clone() }).collect::<Vec<_>>()
        };
        Self {
            number,
            at: rfc3339(attempt.at),
            duration_ms: attempt.duration_ms,
            resolved_ms: attempt.resolved_ms,
            connected_ms: attempt.connected_ms,
            answered_ms: attempt.answered_ms,
            code: attempt.code.as_str(),
            status: attempt.status,
            url: attempt.url.clone(),
            remote_address: attempt.remote_address.clone(),
            request_headers: lines(&attempt.request_headers),
            response_headers: lines(&attempt.response_headers),
            response_body: with_bodies.then(|| String::from_utf8_lossy(&attempt.response_body).into_owned()),
            response_truncated: attempt.response_truncated,
        }
    }
}

impl LoggedDelivery {
    /// A row of the log as it stands at `now`.
    #[must_use]
    pub fn of(row: &Listed, directory: &Directory, now: Moment) -> Self {
        Self { delivery: Delivery::of(&row.delivery, directory, now), protocol: row.protocol.clone(), duration_ms: row.duration_ms }
    }
}

impl DeliveryDetail {
    /// A delivery with its body and attempts; what they hold only where it may be read.
    #[must_use]
    pub fn of(
        delivery: Delivery,
        body: Option<&[u8]>,
        attempts: &[(u32, delivery::Attempt)],
        enrichment: Option<&enrichment::Enrichment>,
        with_bodies: bool,
    ) -> Self {
        let shown = body.filter(|_| with_bodies).and_then(|body| serde_json::from_slice(body).ok());
        Self {
            delivery,
            body: shown.unwrap_or_default(),
            has_body: body.is_some(),
            protocol: None,
            previous_id: None,
            next_id: None,
            attempts: attempts.iter().map(|(number, attempt)| Attempt::of(*number, attempt, with_bodies)).collect(),
            enrichment: enrichment.map(Enrichment::of),
        }
    }
}

impl CatalogueEntry {
    /// A type with its name and its sentence in the reader's language.
    #[must_use]
    pub fn of(entry: &Entry, name: &str, sentence: &str) -> Self {
        Self {
            kind: entry.event.as_str(),
            name: name.to_owned(),
            sentence: sentence.to_owned(),
            schema: entry.schema.clone(),
            example: entry.example.clone(),
        }
    }
}
