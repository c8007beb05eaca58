//! The people, departments and tags over REST.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::one_of;
use crate::domain::agent::{self, Availability};
use crate::domain::department;
use crate::domain::tag;
use crate::domain::time::Moment;

/// A group of agents with its queue.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Department {
    pub id: String,
    pub name: String,
    /// Its id in the organisation's own systems.
    pub external_id: Option<String>,
    #[schemars(schema_with = "routings")]
    pub routing: &'static str,
    /// Whether a chat needs a tag before an agent finishes it.
    pub tags_required: bool,
    /// Ids of the agents who answer there.
    pub agents: Vec<String>,
    /// How long an absent visitor keeps the place in the queue, in seconds, as all limits here.
    pub grace_seconds: i64,
    /// The wait that is aimed at.
    pub wait_goal_seconds: i64,
    /// The wait after which a chat is missed; null waits for ever.
    pub wait_limit_seconds: Option<i64>,
    /// The visitor's silence that ends a chat.
    pub inactivity_seconds: i64,
    /// How long a chat stays with an agent whose last tab is gone.
    pub agent_lost_seconds: i64,
    /// How long an offer or a call stands.
    pub offer_seconds: i64,
}

/// A label for chats.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tag {
    pub id: String,
    pub name: String,
}

/// Somebody who answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Agent {
    pub id: String,
    pub name: String,
    #[schemars(schema_with = "availabilities")]
    pub availability: &'static str,
    /// Whether a console is open.
    pub connected: bool,
    /// Only with the scope `users:write`, else null.
    pub email: Option<String>,
}

fn routings(_: &mut SchemaGenerator) -> Schema {
    one_of([department::Routing::Manual, department::Routing::LeastBusy].map(department::Routing::as_str))
}

fn availabilities(_: &mut SchemaGenerator) -> Schema {
    one_of([Availability::Online, Availability::Paused, Availability::Offline].map(Availability::as_str))
}

impl Department {
    /// A department.
    #[must_use]
    pub fn of(department: &department::Department) -> Self {
        let limits = department.limits;
        Self {
            id: department.id.to_string(),
            name: department.name.clone(),
            external_id: department.external_id.clone(),
            routing: department.routing.as_str(),
            tags_required: department.tags_required,
            agents: department.members.iter().map(|member| member.agent.to_string()).collect(),
            grace_seconds: limits.grace_seconds,
            wait_goal_seconds: limits.wait_goal_seconds,
            wait_limit_seconds: limits.wait_limit_seconds,
            inactivity_seconds: limits.inactivity_seconds,
            agent_lost_seconds: limits.agent_lost_seconds,
            offer_seconds: limits.offer_seconds,
        }
    }
}

impl Tag {
    /// A tag.
    #[must_use]
    pub fn of(tag: &tag::Tag) -> Self {
        Self { id: tag.id.to_string(), name: tag.name.clone() }
    }
}

impl Agent {
    /// An agent; the e-mail only where it may be shown.
    #[must_use]
    pub fn of(agent: &agent::Agent, with_email: bool, now: Moment) -> Self {
        Self {
            id: agent.id.to_string(),
            name: agent.name.clone(),
            availability: agent.availability.as_str(),
            connected: agent.is_connected(now),
            email: with_email.then(|| agent.email.clone()),
        }
    }
}
