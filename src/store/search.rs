//! Looking chats up: pages by time of request, newest first, so that they stay put while new chats come.

use std::collections::HashMap;

use diesel::sqlite::Sqlite;
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper};

use super::Store;
use super::chats::{self as rows, ChatRow};
use super::error::StoreError;
use super::schema::{chat_agents, chat_tags, chats, visitors};
use crate::domain::chat::{Chat, State};
use crate::domain::ids::{AgentId, ChatId, DepartmentId, TagId, VisitorId};
use crate::domain::time::Timestamp;

/// Which chats somebody may see at all.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// Those of these departments.
    pub departments: Vec<DepartmentId>,
    /// And those that this agent took part in, wherever they are now.
    pub agent: Option<AgentId>,
}

impl Sight {
    /// Whether a chat is among them.
    #[must_use]
    pub fn covers(&self, chat: &Chat) -> bool {
        self.departments.contains(&chat.department) || self.agent.is_some_and(|agent| chat.agents.contains(&agent))
    }
}

/// Which chats are wanted; what is none restricts nothing.
#[derive(Clone, Debug, Default)]
pub struct ChatFilter {
    pub state: Option<State>,
    /// The present department.
    pub department: Option<DepartmentId>,
    /// Chats that have this tag.
    pub tag: Option<TagId>,
    /// Chats that this agent took part in.
    pub agent: Option<AgentId>,
    pub visitor: Option<VisitorId>,
    /// Requested at or after this.
    pub since: Option<Timestamp>,
    /// Requested before this.
    pub until: Option<Timestamp>,
    pub protocol: Option<String>,
}

/// A chat with how to reach its visitor.
#[derive(Clone, Debug)]
pub struct Found {
    pub chat: Chat,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

type Person = (VisitorId, Option<String>, Option<String>, Option<String>, Option<String>);

impl Store {
    /// A page of chats: those requested before `before`, at most `limit`.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn search_chats(
        &self,
        sight: Sight,
        filter: ChatFilter,
        before: Option<(Timestamp, ChatId)>,
        limit: i64,
    ) -> Result<Vec<Found>, StoreError> {
        self.read(move |conn| {
            let mut query = chats::table
                .order((chats::requested_at.desc(), chats::id.desc()))
                .limit(limit)
                .select(ChatRow::as_select())
                .into_boxed::<Sqlite>();
            let took_part = |agent: AgentId| chat_agents::table.filter(chat_agents::agent_id.eq(agent)).select(chat_agents::chat_id);
            query = match sight.agent {
                Some(agent) => query.filter(chats::department_id.eq_any(sight.departments).or(chats::id.eq_any(took_part(agent)))),
                None => query.filter(chats::department_id.eq_any(sight.departments)),
            };
            if let Some((at, id)) = before {
                query = query.filter(chats::requested_at.lt(at).or(chats::requested_at.eq(at).and(chats::id.lt(id))));
            }
            if let Some(state) = filter.state {
                query = query.filter(chats::state.eq(state.as_str()));
            }
            if let Some(department) = filter.department {
                query = query.filter(chats::department_id.eq(department));
            }
            if let Some(tag) = filter.tag {
                query = query.filter(chats::id.eq_any(chat_tags::table.filter(chat_tags::tag_id.eq(tag)).select(chat_tags::chat_id)));
            }
            if let Some(agent) = filter.agent {
                query = query.filter(chats::id.eq_any(took_part(agent)));
            }
            if let Some(visitor) = filter.visitor {
                query = query.filter(chats::visitor_id.eq(visitor));
            }
            if let Some(since) = filter.since {
                query = query.filter(chats::requested_at.ge(since));
            }
            if let Some(until) = filter.until {
                query = query.filter(chats::requested_at.lt(until));
            }
            if let Some(protocol) = filter.protocol {
                query = query.filter(chats::protocol.eq(protocol));
            }
            let found = rows::list(query.load(conn)?)?;
            let ids: Vec<VisitorId> = found.iter().map(|chat| chat.request.visitor).collect();
            let people: Vec<Person> = visitors::table
                .filter(visitors::id.eq_any(ids))
                .select((visitors::id, visitors::name, visitors::email, visitors::phone, visitors::phone_raw))
                .load(conn)?;
            let people: HashMap<VisitorId, Person> = people.into_iter().map(|person| (person.0, person)).collect();
            Ok(found.into_iter().map(|chat| with_person(chat, &people)).collect())
        })
        .await
    }
}

fn with_person(chat: Chat, people: &HashMap<VisitorId, Person>) -> Found {
    let (_, name, email, phone, typed) =
        people.get(&chat.request.visitor).cloned().unwrap_or((chat.request.visitor, None, None, None, None));
    Found { chat, name, email, phone: phone.or(typed) }
}
