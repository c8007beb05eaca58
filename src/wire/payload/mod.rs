//! Webhook bodies: one type for each event, from which its JSON Schema is made too.
//!
//! A body is made once, in the transaction of the change, and its bytes are frozen. Changes here are additive; a breaking one raises [`VERSION`].
//! Ids are strings. Knows neither endpoints nor deliveries; who fills these in reads the chat.

mod chat;
pub mod of_domain;
mod parts;
mod time;
mod visitor;

pub use chat::*;
pub use parts::*;
pub use time::Time;
pub use visitor::*;

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::event_type::EventType;
use crate::domain::time::Timestamp;
use crate::domain::webhook_id::WebhookId;

/// The version of all bodies.
pub const VERSION: u32 = 1;

/// What every body begins with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Envelope<Content> {
    /// What happened.
    #[serde(rename = "type")]
    pub event: String,
    /// When it happened.
    pub timestamp: Time,
    /// The event's id: the same on every attempt and resend, so a receiver can drop what it has seen.
    pub id: String,
    /// The version of the body's shape.
    pub version: u32,
    /// Whether this is a test with made-up data.
    pub test: bool,
    /// The place of the event among those of its chat, from 1 without a gap; null for events that don't count.
    pub sequence: Option<i64>,
    /// Whose server this is.
    pub organisation: Named,
    /// What is told.
    pub data: Content,
}

/// What is told: the chat and whom it concerns, and what only this type of event says.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Data<More> {
    #[serde(flatten)]
    pub about: About,
    #[serde(flatten)]
    pub more: More,
}

/// What nearly every event tells; null where there is none.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct About {
    /// The chat after the event.
    pub chat: Option<Chat>,
    /// Who asked.
    pub visitor: Option<Visitor>,
    /// What the visitor agreed to.
    pub consent: Option<Consent>,
    /// Who answers.
    pub agent: Option<Agent>,
}

/// A type's own part of a body, which knows its type.
pub trait More: Serialize + JsonSchema {
    /// The type of event that says this.
    const EVENT: EventType;
}

/// The whole `data` of a body, which knows its type.
pub trait Content: Serialize + JsonSchema {
    /// The type of event that says this.
    const EVENT: EventType;
}

impl<M: More> Content for Data<M> {
    const EVENT: EventType = M::EVENT;
}

/// What all bodies of a commit share.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The event's id.
    pub id: WebhookId,
    /// When it happened.
    pub at: Timestamp,
    /// Its place among the chat's events.
    pub sequence: Option<i64>,
    /// Whose server this is.
    pub organisation: Named,
}

/// The frozen bytes of a body.
#[must_use]
pub fn to_body<C: Content>(frame: &Frame, data: C) -> Vec<u8> {
    serde_json::to_vec(&envelope(frame, data)).expect("a body is made of strings, numbers and maps with string keys")
}

/// A body as its type.
#[must_use]
pub fn envelope<C: Content>(frame: &Frame, data: C) -> Envelope<C> {
    Envelope {
        event: C::EVENT.as_str().to_owned(),
        timestamp: frame.at.into(),
        id: frame.id.to_string(),
        version: VERSION,
        test: frame.id.test,
        sequence: frame.sequence,
        organisation: frame.organisation.clone(),
        data,
    }
}
