//! Looking chats up: pages by time of request, newest first, so that they stay put while new chats come.

use std::collections::HashMap;

use diesel::dsl::{AsSelect, IntoBoxed, Select, exists};
use diesel::sqlite::Sqlite;
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, SelectableHelper, SqliteConnection};
use uuid::Uuid;

use super::Store;
use super::chats::{self as rows, ChatRow};
use super::error::StoreError;
use super::prepared::at_most;
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

type Query = IntoBoxed<'static, Select<chats::table, AsSelect<ChatRow, Sqlite>>, Sqlite>;

/// Chats of a tag or an agent that are looked at in one go.
const LINKED_AT_ONCE: usize = 500;

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
            let found = match linked(&filter) {
                None => query(&sight, &filter, before).order((chats::requested_at.desc(), chats::id.desc())).limit(limit).load(conn)?,
                Some(link) => {
                    let wanted = usize::try_from(limit).unwrap_or(0);
                    let mut found: Vec<ChatRow> = Vec::new();
                    let mut before = before.map_or(ChatId(Uuid::max()), |(_, id)| id);
                    loop {
                        let ids = link.before(before, conn)?;
                        let chunk = query(&sight, &filter, None).filter(chats::id.eq_any(&ids)).order(chats::id.desc());
                        found.extend(at_most(wanted - found.len(), chunk, conn)?);
                        match ids.last().filter(|_| ids.len() == LINKED_AT_ONCE && found.len() < wanted) {
                            Some(last) => before = *last,
                            None => break found,
                        }
                    }
                }
            };
            let found = rows::list(found)?;
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

/// How a filter names chats by a table beside them.
#[derive(Clone, Copy)]
enum Link {
    Tag(TagId),
    Agent(AgentId),
}

const fn linked(filter: &ChatFilter) -> Option<Link> {
    match (filter.tag, filter.agent) {
        (Some(tag), _) => Some(Link::Tag(tag)),
        (None, Some(agent)) => Some(Link::Agent(agent)),
        (None, None) => None,
    }
}

impl Link {
    /// The newest of its chats before one. Ids are ordered by time, so that these tables give them in the order of the list: neither a tag that every
    /// chat has nor one that none has makes anybody look through all.
    fn before(self, before: ChatId, conn: &mut SqliteConnection) -> QueryResult<Vec<ChatId>> {
        match self {
            Self::Tag(tag) => {
                let tagged = chat_tags::table.filter(chat_tags::tag_id.eq(tag)).filter(chat_tags::chat_id.lt(before));
                at_most(LINKED_AT_ONCE, tagged.order(chat_tags::chat_id.desc()).select(chat_tags::chat_id), conn)
            }
            Self::Agent(agent) => {
                let took_part = chat_agents::table.filter(chat_agents::agent_id.eq(agent)).filter(chat_agents::chat_id.lt(before));
                at_most(LINKED_AT_ONCE, took_part.order(chat_agents::chat_id.desc()).select(chat_agents::chat_id), conn)
            }
        }
    }
}

/// What is filtered by the chat itself, and by a tag and an agent that it must have.
fn query(sight: &Sight, filter: &ChatFilter, before: Option<(Timestamp, ChatId)>) -> Query {
    let mut query = chats::table.select(ChatRow::as_select()).into_boxed::<Sqlite>();
    let took_part = |agent: AgentId| chat_agents::table.filter(chat_agents::agent_id.eq(agent)).select(chat_agents::chat_id);
    let departments = chats::department_id.eq_any(sight.departments.clone());
    query = match sight.agent {
        Some(agent) => query.filter(departments.or(chats::id.eq_any(took_part(agent)))),
        None => query.filter(departments),
    };
    if let Some((at, id)) = before {
        // Said twice, so that the index on the time begins there.
        query = query.filter(chats::requested_at.le(at)).filter(chats::requested_at.lt(at).or(chats::id.lt(id)));
    }
    if let Some(state) = filter.state {
        query = query.filter(chats::state.eq(state.as_str()));
    }
    if let Some(department) = filter.department {
        query = query.filter(chats::department_id.eq(department));
    }
    if let Some(agent) = filter.agent.filter(|_| filter.tag.is_some()) {
        let with = chat_agents::table.filter(chat_agents::chat_id.eq(chats::id)).filter(chat_agents::agent_id.eq(agent));
        query = query.filter(exists(with));
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
    if let Some(protocol) = filter.protocol.clone() {
        query = query.filter(chats::protocol.eq(protocol));
    }
    query
}

fn with_person(chat: Chat, people: &HashMap<VisitorId, Person>) -> Found {
    let (_, name, email, phone, typed) =
        people.get(&chat.request.visitor).cloned().unwrap_or((chat.request.visitor, None, None, None, None));
    Found { chat, name, email, phone: phone.or(typed) }
}
