//! What clients see of chats, queues and people. Visitors' views and agents' views are types of their own.

mod agent;
mod card;
mod people;
mod visitor;

pub use agent::*;
pub use card::*;
pub use people::*;
pub use visitor::*;

use serde::Serialize;

use crate::domain::chat::deadline::{self, DeadlineKind};
use crate::domain::chat::{Chat, Location, Marks};
use crate::domain::directory::Directory;
use crate::domain::ids::AgentId;
use crate::domain::time::Moment;

/// An id with its name.
#[derive(Clone, Debug, Serialize)]
pub struct Named {
    pub id: String,
    pub name: String,
}

impl Named {
    /// From anything with an id and a name.
    pub fn new(id: impl ToString, name: &str) -> Self {
        Self { id: id.to_string(), name: name.to_owned() }
    }

    /// An agent by id.
    #[must_use]
    pub fn agent(directory: &Directory, id: AgentId) -> Self {
        Self::new(id, directory.agent_name(id))
    }

    /// A department by id.
    #[must_use]
    pub fn department(directory: &Directory, id: crate::domain::ids::DepartmentId) -> Self {
        Self::new(id, directory.department_name(id))
    }
}

/// How far one side got.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MarkView {
    pub delivered: i64,
    pub read: i64,
}

/// How far both sides got.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MarksView {
    pub visitor: MarkView,
    pub agent: MarkView,
}

impl From<Marks> for MarksView {
    fn from(marks: Marks) -> Self {
        let view = |mark: crate::domain::chat::Mark| MarkView { delivered: mark.delivered, read: mark.read };
        Self { visitor: view(marks.visitor), agent: view(marks.agent) }
    }
}

/// A rating as shown.
#[derive(Clone, Debug, Serialize)]
pub struct RatingView {
    pub score: i32,
    pub comment: Option<String>,
}

/// What time will do, counted from now.
#[derive(Clone, Debug, Serialize)]
pub struct DeadlineView {
    pub kind: &'static str,
    pub in_ms: i64,
}

pub(super) fn deadline_view(chat: &Chat, directory: &Directory, now: Moment) -> Option<DeadlineView> {
    let deadline = deadline::warned(chat, directory)?;
    let kind = if deadline.kind == DeadlineKind::Wait { "wait" } else { "inactivity" };
    Some(DeadlineView { kind, in_ms: deadline.due.ms_since(now.steady) })
}

pub(super) const fn location_state(location: Location) -> &'static str {
    match location {
        Location::None => "none",
        Location::Asked => "asked",
        Location::Shared { .. } => "shared",
        Location::Revoked => "revoked",
    }
}

/// Tags with their names, by name.
pub fn tags(ids: impl Iterator<Item = crate::domain::ids::TagId>, directory: &Directory) -> Vec<Named> {
    let mut named: Vec<Named> = ids.filter_map(|id| directory.tags.get(&id).map(|tag| Named::new(id, &tag.name))).collect();
    named.sort_by(|a, b| a.name.cmp(&b.name));
    named
}
