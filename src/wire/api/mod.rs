//! What the REST API takes and gives. Apart from the sockets' frames: those may grow with the console, these are a promise to strangers.
//!
//! The OpenAPI document is made of these types. Knows no paths and no rights.

pub mod chats;
pub mod deliveries;
pub mod endpoints;
pub mod enrichment;
pub mod house;
pub mod resendings;
pub mod retention;
pub mod sessions;
pub mod timeline;

use schemars::{JsonSchema, Schema, json_schema};
use serde::Serialize;

use crate::domain::directory::Directory;
use crate::domain::ids::{AgentId, DepartmentId};

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Named {
    pub id: String,
    pub name: String,
}

impl Named {
    /// From anything with an id and a name.
    pub fn new(id: &impl ToString, name: &str) -> Self {
        Self { id: id.to_string(), name: name.to_owned() }
    }

    /// An agent by id.
    #[must_use]
    pub fn agent(directory: &Directory, id: AgentId) -> Self {
        Self::new(&id, directory.agent_name(id))
    }

    /// A department by id.
    #[must_use]
    pub fn department(directory: &Directory, id: DepartmentId) -> Self {
        Self::new(&id, directory.department_name(id))
    }
}

/// Part of a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    pub data: Vec<T>,
    /// What to give as `cursor` for the next page; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that is never long enough to be cut.
    #[must_use]
    pub const fn whole(data: Vec<T>) -> Self {
        Self { data, next_cursor: None }
    }
}

/// An answer that says why not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Failure {
    pub error: Problem,
}

/// Why not.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Problem {
    /// Stable, for programs.
    pub code: String,
    /// For people, in the language of `Accept-Language`.
    pub message: String,
    /// Names the request in the server's log.
    pub request_id: String,
    /// The parameter or property that is wrong, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The schema of a point in time as answers write it.
pub(crate) fn time(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date-time"})
}

/// The schema of a point in time that may be missing.
pub(crate) fn time_or_null(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({"type": ["string", "null"], "format": "date-time"})
}

/// The schema of one of some stable words.
pub(crate) fn one_of(words: impl IntoIterator<Item = &'static str>) -> Schema {
    let words: Vec<&str> = words.into_iter().collect();
    json_schema!({"type": "string", "enum": words})
}
