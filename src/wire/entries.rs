//! Timeline entries as clients see them. Visitors get a type of their own, which has no room for what is internal.

use serde::Serialize;
use serde_json::{Value, json};

use super::time::rfc3339;
use super::views::{Named, tags};
use crate::domain::chat::command::Actor;
use crate::domain::chat::event::{Event, Place, Recorded};
use crate::domain::directory::Directory;

/// Who did it.
#[derive(Clone, Debug, Serialize)]
pub struct Author {
    pub kind: &'static str,
    pub id: Option<String>,
    pub name: Option<String>,
}

impl Author {
    /// An actor with the name to show; visitors' names are the client's to know.
    #[must_use]
    pub fn of(actor: Actor, directory: &Directory) -> Self {
        let (id, name) = match actor {
            Actor::Visitor(id) => (Some(id.to_string()), None),
            Actor::Agent(id) => (Some(id.to_string()), Some(directory.agent_name(id).to_owned())),
            Actor::Api(id) => (Some(id.to_string()), None),
            Actor::Webhook(id) => (Some(id.to_string()), None),
            Actor::System => (None, None),
        };
        Self { kind: actor.kind(), id, name }
    }
}

#[derive(Clone, Debug, Serialize)]
struct Fields {
    seq: i64,
    id: String,
    at: String,
    #[serde(rename = "type")]
    kind: &'static str,
    by: Author,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    data: Value,
}

/// An entry to visitors.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct VisitorEntry(Fields);

/// An entry to agents.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct AgentEntry(Fields);

impl VisitorEntry {
    /// The visitors' view, if they may see it.
    #[must_use]
    pub fn of(entry: &Recorded, directory: &Directory) -> Option<Self> {
        if !entry.event.is_for_visitors() {
            return None;
        }
        let mut data = data(&entry.event, directory);
        if let (Event::Transferred { .. }, Some(fields)) = (&entry.event, data.as_object_mut()) {
            fields.remove("note");
        }
        let own = matches!(entry.by, Actor::Visitor(_));
        Some(Self(fields(entry, own, data, directory)))
    }
}

impl AgentEntry {
    /// The agents' view.
    #[must_use]
    pub fn of(entry: &Recorded, directory: &Directory) -> Self {
        let own = matches!(entry.by, Actor::Agent(_));
        let mut fields = fields(entry, own, data(&entry.event, directory), directory);
        if let Actor::Webhook(id) = entry.by {
            fields.by.name = Some(directory.endpoint_name(id).to_owned());
        }
        Self(fields)
    }
}

fn fields(entry: &Recorded, own: bool, data: Value, directory: &Directory) -> Fields {
    Fields {
        seq: entry.seq,
        id: entry.id.to_string(),
        at: rfc3339(entry.at.wall),
        kind: entry.event.as_str(),
        by: Author::of(entry.by, directory),
        client_id: entry.client_id.clone().filter(|_| own),
        data,
    }
}

fn place(place: &Place, directory: &Directory) -> Value {
    json!({"agent": place.agent.map(|agent| Named::agent(directory, agent)), "department": Named::department(directory, place.department)})
}

pub(super) fn data(event: &Event, directory: &Directory) -> Value {
    match event {
        Event::Requested(request) => {
            json!({"department": Named::department(directory, request.department), "subject": request.subject})
        }
        Event::Written(body) | Event::Noted(body) => json!({"body": body.as_str()}),
        Event::Called { circle, agents } => {
            let agents: Vec<Named> = agents.iter().map(|agent| Named::agent(directory, *agent)).collect();
            json!({"circle": circle.as_str(), "agents": agents})
        }
        Event::Offered(offer) => json!({"agent": Named::agent(directory, offer.to)}),
        Event::OfferPassed(agent) => json!({"agent": Named::agent(directory, *agent)}),
        Event::Started { agent, first, waited_seconds } => {
            json!({"agent": Named::agent(directory, *agent), "first": first, "waited_seconds": waited_seconds})
        }
        Event::Transferred { reason, from, to, note } => json!({
            "reason": reason.as_str(), "from": place(from, directory), "to": place(to, directory), "note": note.as_ref().map(ToString::to_string),
        }),
        Event::LocationAsked | Event::LocationRevoked | Event::Stayed => json!({}),
        Event::Located { coordinates: None, .. } => json!({}),
        Event::Located { coordinates: Some(place), source } => json!({
            "latitude": place.latitude, "longitude": place.longitude, "accuracy_m": place.accuracy_m, "source": source.as_str(),
        }),
        Event::Tagged { tags: all, added, removed } => json!({
            "tags": tags(all.iter().copied(), directory),
            "added": tags(added.iter().copied(), directory),
            "removed": tags(removed.iter().copied(), directory),
        }),
        Event::Rated { rating, .. } => json!({"score": rating.score, "comment": rating.comment}),
        Event::Finished(reason) => json!({"reason": reason.as_str()}),
        Event::Abandoned { reason, waited_seconds, position, .. } => {
            json!({"reason": reason.as_str(), "waited_seconds": waited_seconds, "queue_position": position})
        }
        Event::Missed { waited_seconds, .. } => json!({"waited_seconds": waited_seconds}),
    }
}
