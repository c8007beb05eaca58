//! Endpoints over REST: what an admin decides about them, how they are doing. Secrets are told once, values of headers never.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use super::{one_of, time, time_or_null};
use crate::domain::endpoint;
use crate::domain::endpoint::headers::CustomHeader;
use crate::domain::endpoint::secret::Signing;
use crate::domain::enrichment::Field;
use crate::domain::event_type::EventType;
use crate::domain::time::Timestamp;
use crate::wire::time::rfc3339;

/// One header of the endpoint's own.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    pub name: String,
    /// Kept sealed and never shown.
    pub value: String,
}

/// An endpoint to be made.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEndpoint {
    pub url: String,
    /// Types of events, as in the catalogue.
    pub events: Vec<String>,
    /// How requests are signed: `hmac` (if not given) or `ed25519`.
    #[serde(default)]
    pub signing: Option<String>,
    /// The host of the address if not given.
    #[serde(default)]
    pub name: Option<String>,
    /// Only events of these sites; empty: any.
    #[serde(default)]
    pub site_ids: Option<Vec<String>>,
    /// Only events of these departments; empty: any.
    #[serde(default)]
    pub department_ids: Option<Vec<String>>,
    /// Only events of chats with one of these tags; empty: any.
    #[serde(default)]
    pub tag_ids: Option<Vec<String>>,
    /// Only ratings up to this score.
    #[serde(default)]
    #[schemars(range(min = 1, max = 5))]
    pub score_max: Option<u8>,
    #[serde(default)]
    pub headers: Option<Vec<Header>>,
    #[serde(default)]
    pub strict_order: Option<bool>,
    #[serde(default)]
    pub with_transcript: Option<bool>,
    #[serde(default)]
    pub with_address: Option<bool>,
    #[serde(default)]
    pub with_note: Option<bool>,
    /// What its answers may fill: `name`, `email`, `phone`, `custom`, `card`, `tags`, `department`, `note`. Nothing if not given.
    #[serde(default)]
    pub enrich: Option<Vec<String>>,
    /// Needed where the address is plain `http://` to a public host.
    #[serde(default)]
    pub plain_http_accepted: Option<bool>,
    #[serde(default)]
    pub rate_per_second: Option<u32>,
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// What shall be different; what isn't given stays.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointChange {
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub events: Option<Vec<String>>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub site_ids: Option<Vec<String>>,
    #[serde(default)]
    pub department_ids: Option<Vec<String>>,
    #[serde(default)]
    pub tag_ids: Option<Vec<String>>,
    /// Null: any score.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<u8>", range(min = 1, max = 5))]
    pub score_max: Option<Option<u8>>,
    /// Replaces all of them.
    #[serde(default)]
    pub headers: Option<Vec<Header>>,
    #[serde(default)]
    pub strict_order: Option<bool>,
    #[serde(default)]
    pub with_transcript: Option<bool>,
    #[serde(default)]
    pub with_address: Option<bool>,
    #[serde(default)]
    pub with_note: Option<bool>,
    #[serde(default)]
    pub enrich: Option<Vec<String>>,
    #[serde(default)]
    pub plain_http_accepted: Option<bool>,
    /// Null: as fast as it answers.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<u32>")]
    pub rate_per_second: Option<Option<u32>>,
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// Tells null from nothing.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(value: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

impl From<NewEndpoint> for EndpointChange {
    fn from(new: NewEndpoint) -> Self {
        Self {
            url: Some(new.url),
            events: Some(new.events),
            name: new.name,
            site_ids: new.site_ids,
            department_ids: new.department_ids,
            tag_ids: new.tag_ids,
            score_max: new.score_max.map(Some),
            headers: new.headers,
            strict_order: new.strict_order,
            with_transcript: new.with_transcript,
            with_address: new.with_address,
            with_note: new.with_note,
            enrich: new.enrich,
            plain_http_accepted: new.plain_http_accepted,
            rate_per_second: new.rate_per_second.map(Some),
            enabled: new.enabled,
        }
    }
}

/// How an endpoint is doing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EndpointHealth {
    /// Whether events are sent to it now; else they are held.
    pub live: bool,
    /// Failed attempts since the last success.
    pub failures: u32,
    #[schemars(schema_with = "time_or_null")]
    pub last_success_at: Option<String>,
    #[schemars(schema_with = "time_or_null")]
    pub first_failure_at: Option<String>,
    #[schemars(schema_with = "time_or_null")]
    pub disabled_at: Option<String>,
    /// Why it was disabled without being asked: `gone`, `asked`, `failing`.
    pub disabled_reason: Option<&'static str>,
}

/// Where webhooks go.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Endpoint {
    pub id: String,
    pub name: String,
    /// The values of its query are masked for who lacks the scope `webhooks:write`.
    pub url: String,
    #[schemars(schema_with = "events")]
    pub events: Vec<&'static str>,
    pub site_ids: Vec<String>,
    pub department_ids: Vec<String>,
    pub tag_ids: Vec<String>,
    pub score_max: Option<u8>,
    /// The headers of its own, without their values.
    pub header_names: Vec<String>,
    #[schemars(schema_with = "signings")]
    pub signing: &'static str,
    pub strict_order: bool,
    pub with_transcript: bool,
    pub with_address: bool,
    pub with_note: bool,
    #[schemars(schema_with = "fields")]
    pub enrich: Vec<&'static str>,
    pub plain_http_accepted: bool,
    pub rate_per_second: Option<u32>,
    pub enabled: bool,
    pub health: EndpointHealth,
    #[schemars(schema_with = "time")]
    pub created_at: String,
}

fn events(_: &mut SchemaGenerator) -> Schema {
    let each = one_of(EventType::ALL.iter().map(|event| event.as_str()));
    schemars::json_schema!({"type": "array", "items": each})
}

fn fields(_: &mut SchemaGenerator) -> Schema {
    let each = one_of(Field::ALL.iter().map(|field| field.as_str()));
    schemars::json_schema!({"type": "array", "items": each})
}

fn signings(_: &mut SchemaGenerator) -> Schema {
    one_of([Signing::Hmac, Signing::Ed25519].map(Signing::as_str))
}

impl Endpoint {
    /// An endpoint with the names of its headers.
    #[must_use]
    pub fn of(endpoint: &endpoint::Endpoint, headers: &[CustomHeader], masked: bool) -> Self {
        let (draft, health) = (&endpoint.draft, &endpoint.health);
        Self {
            id: endpoint.id.to_string(),
            name: draft.name.clone(),
            url: if masked { draft.url.masked() } else { draft.url.as_str().to_owned() },
            events: draft.filter.events.iter().map(|event| event.as_str()).collect(),
            site_ids: draft.filter.sites.iter().map(ToString::to_string).collect(),
            department_ids: draft.filter.departments.iter().map(ToString::to_string).collect(),
            tag_ids: draft.filter.tags.iter().map(ToString::to_string).collect(),
            score_max: draft.filter.score_max,
            header_names: headers.iter().map(|header| header.name().to_owned()).collect(),
            signing: draft.signing.as_str(),
            strict_order: draft.strict_order,
            with_transcript: draft.extras.transcript,
            with_address: draft.extras.address,
            with_note: draft.extras.note,
            enrich: draft.enrich.iter().map(|field| field.as_str()).collect(),
            plain_http_accepted: draft.plain_http_accepted,
            rate_per_second: draft.rate_per_second,
            enabled: draft.enabled,
            health: EndpointHealth {
                live: endpoint.is_live(),
                failures: health.failures,
                last_success_at: health.last_success_at.map(rfc3339),
                first_failure_at: health.first_failure_at.map(rfc3339),
                disabled_at: health.disabled.map(|(at, _)| rfc3339(at)),
                disabled_reason: health.disabled.map(|(_, reason)| reason.as_str()),
            },
            created_at: rfc3339(endpoint.created_at),
        }
    }
}

/// An endpoint that was made.
#[derive(Clone, Serialize, JsonSchema)]
pub struct MadeEndpoint {
    pub endpoint: Endpoint,
    /// What a receiver verifies with: the shared secret (`whsec_…`) or the public key (`whpk_…`). Told once.
    pub secret: String,
}

/// A wish for another secret.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// `hmac` or `ed25519`; as before if not given.
    #[serde(default)]
    pub signing: Option<String>,
}

/// A secret that was made.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Rotated {
    /// What a receiver verifies with from now on. Told once.
    pub secret: String,
    /// Until when the one before signs beside it.
    #[schemars(schema_with = "time")]
    pub previous_until: String,
}

impl Rotated {
    /// A new secret, with the end of the one before.
    #[must_use]
    pub fn new(secret: String, previous_until: Timestamp) -> Self {
        Self { secret, previous_until: rfc3339(previous_until) }
    }
}

/// Which test is wanted.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestWish {
    /// A type of event; `webhook.test` if not given.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}
