//! How a program signs in.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{one_of, time};
use crate::domain::agent::{Agent, Role};
use crate::domain::time::Timestamp;
use crate::wire::time::rfc3339;

/// Who signs in.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

/// A session that was opened.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Session {
    /// For `Authorization: Bearer`, and for `hello` on an agent's socket. Told once.
    pub token: String,
    /// When it ends if it isn't used; each use prolongs it.
    #[schemars(schema_with = "time")]
    pub expires_at: String,
    pub agent: SessionAgent,
}

/// Whose session it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SessionAgent {
    pub id: String,
    pub name: String,
    pub email: String,
    #[schemars(schema_with = "roles")]
    pub role: &'static str,
}

fn roles(_: &mut SchemaGenerator) -> Schema {
    one_of([Role::Agent, Role::Supervisor, Role::Admin].map(Role::as_str))
}

impl Session {
    /// A session with its token, as its holder sees it once.
    #[must_use]
    pub fn opened(token: &str, expires_at: Timestamp, agent: &Agent) -> Self {
        Self {
            token: token.to_owned(),
            expires_at: rfc3339(expires_at),
            agent: SessionAgent {
                id: agent.id.to_string(),
                name: agent.name.clone(),
                email: agent.email.clone(),
                role: agent.role.as_str(),
            },
        }
    }
}
