//! Timelines over REST: everything that happened in a chat, notes included, as agents see it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;

use super::{one_of, time};
use crate::domain::chat::event::Recorded;
use crate::domain::directory::Directory;
use crate::wire::entries::{self, data};
use crate::wire::time::rfc3339;

/// Who did it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Author {
    #[schemars(schema_with = "kinds")]
    pub kind: &'static str,
    pub id: Option<String>,
    pub name: Option<String>,
}

/// One entry.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Entry {
    /// Its place, from 1 without a gap.
    pub seq: i64,
    pub id: String,
    #[schemars(schema_with = "time")]
    pub at: String,
    /// What happened: `message`, `note`, `started`, `transferred` …
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub by: Author,
    /// More, by type, as in the frames of agents' sockets.
    #[schemars(schema_with = "any_object")]
    pub data: Value,
}

fn kinds(_: &mut SchemaGenerator) -> Schema {
    one_of(["visitor", "agent", "api", "webhook", "system"])
}

fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object"})
}

impl Entry {
    /// The agents' view.
    #[must_use]
    pub fn of(entry: &Recorded, directory: &Directory) -> Self {
        let author = entries::Author::of(entry.by, directory);
        Self {
            seq: entry.seq,
            id: entry.id.to_string(),
            at: rfc3339(entry.at.wall),
            kind: entry.event.as_str(),
            by: Author { kind: author.kind, id: author.id, name: author.name },
            data: data(&entry.event, directory),
        }
    }
}
