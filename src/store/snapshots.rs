//! What a client needs when it connects, read in one go.

use std::collections::HashMap;

use diesel::dsl::exists;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, NullableExpressionMethods, QueryDsl, RunQueryDsl, SelectableHelper, SqliteConnection,
};

use super::Store;
use super::chats::{self as rows, ChatRow};
use super::error::StoreError;
use super::prepared::{IsActive, IsOpen, IsWaiting, at_most, first};
use super::queue::{self, Place};
use super::schema::{chat_agents, chats, offline_messages, visitors};
use super::search::Sight;
use super::timeline::{self, Page};
use crate::domain::chat::event::AbandonReason;
use crate::domain::chat::{Chat, RATING_DAYS_MAX, State};
use crate::domain::directory::Directory;
use crate::domain::ids::{AgentId, ChatId, DepartmentId, VisitorId};
use crate::domain::time::{Moment, Timestamp};
use crate::domain::visitor::Visitor;

/// Chats of one list in a snapshot.
const LIST_CHATS_MAX: usize = 500;
/// Chats of before on a visitor's card.
const PREVIOUS_CHATS_MAX: usize = 10;

/// A chat in a list, with what its row doesn't hold.
#[derive(Clone, Debug)]
pub struct Listed {
    pub chat: Chat,
    pub visitor_name: Option<String>,
    pub unread: i64,
}

/// A chat as the tabs of its visitor show it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub chat: Chat,
    pub page: Page,
    /// While it waits.
    pub place: Option<Place>,
}

/// A chat with everything that its page shows.
#[derive(Clone, Debug)]
pub struct Opened {
    pub listed: Listed,
    pub visitor: Visitor,
    pub previous: Vec<Chat>,
    pub page: Page,
}

/// An agent's lists.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    pub queue: Vec<Listed>,
    pub chats: Vec<Listed>,
    pub ended: Vec<Listed>,
}

impl Store {
    /// One chat.
    ///
    /// # Errors
    /// `NotFound`, or a fault of the database.
    pub async fn chat(&self, id: ChatId) -> Result<Chat, StoreError> {
        self.read(move |conn| rows::get(conn, id)).await
    }

    /// The chat that a returning visitor comes back to: the open one, else the one of `resume`, else the last one if it ended within the time for rating
    /// and there is more to say about it. It comes with what was said after the `seq` of `resume`, where that is of this chat.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn chat_to_resume(&self, visitor: VisitorId, resume: Option<(ChatId, i64)>) -> Result<Option<Shown>, StoreError> {
        let (directory, now) = (self.directory(), self.clock().now());
        self.read(move |conn| {
            let Some(chat) = to_resume(conn, visitor, resume.map(|(named, _)| named), now)? else { return Ok(None) };
            let after = resume.filter(|(named, _)| *named == chat.id).map_or(0, |(_, seq)| seq.max(0));
            shown(conn, &directory, chat, after, now).map(Some)
        })
        .await
    }

    /// The visitor's open chat.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn open_chat_of(&self, visitor: VisitorId) -> Result<Option<Chat>, StoreError> {
        self.read(move |conn| {
            let open = chats::table.filter(chats::visitor_id.eq(visitor)).filter(IsOpen::new(chats::state)).select(ChatRow::as_select());
            Ok(rows::list(first(open, conn)?.into_iter().collect())?.pop())
        })
        .await
    }

    /// One chat as the tabs of its visitor show it.
    ///
    /// # Errors
    /// `NotFound`, or a fault of the database.
    pub async fn shown(&self, id: ChatId) -> Result<Shown, StoreError> {
        let (directory, now) = (self.directory(), self.clock().now());
        self.read(move |conn| {
            let chat = rows::get(conn, id)?;
            shown(conn, &directory, chat, 0, now)
        })
        .await
    }

    /// An agent's queue, chats, and those of theirs that ended since `since`.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn desk(&self, agent: AgentId, departments: Vec<DepartmentId>, since: Timestamp) -> Result<Desk, StoreError> {
        self.read(move |conn| {
            let queue = chats::table
                .filter(IsWaiting::new(chats::state).and(chats::department_id.eq_any(departments)))
                .order(queue::order())
                .select(ChatRow::as_select());
            let queue = at_most(LIST_CHATS_MAX, queue, conn)?;
            let own = chats::table
                .filter(IsActive::new(chats::state).and(chats::agent_id.eq(agent)))
                .order(chats::requested_at.asc())
                .select(ChatRow::as_select());
            let own = at_most(LIST_CHATS_MAX, own, conn)?;
            // Asked of each chat of the day, which are few beside all that the agent ever had.
            let took_part = chat_agents::table.filter(chat_agents::chat_id.eq(chats::id)).filter(chat_agents::agent_id.eq(agent));
            let ended = chats::table
                .filter(chats::ended_at.ge(since))
                .filter(exists(took_part))
                .order(chats::ended_at.desc())
                .select(ChatRow::as_select());
            let ended = at_most(LIST_CHATS_MAX, ended, conn)?;
            Ok(Desk { queue: listed(conn, queue)?, chats: listed(conn, own)?, ended: listed(conn, ended)? })
        })
        .await
    }

    /// A chat with its card and what came after `seq`. Of the visitor's chats before it, the card has those that are in `sight`.
    ///
    /// # Errors
    /// `NotFound`, or a fault of the database.
    pub async fn open_chat(&self, id: ChatId, after: i64, sight: Sight) -> Result<Opened, StoreError> {
        self.read(move |conn| {
            let chat = rows::get(conn, id)?;
            let visitor = super::visitors::get(conn, chat.request.visitor)?;
            let took_part = chat_agents::table.filter(chat_agents::agent_id.nullable().eq(sight.agent)).select(chat_agents::chat_id);
            let in_sight = chats::department_id.eq_any(&sight.departments).or(chats::id.eq_any(took_part));
            let previous = chats::table
                .filter(chats::visitor_id.eq(visitor.id).and(chats::id.ne(id)))
                .filter(chats::requested_at.lt(chat.requested_at))
                .filter(in_sight)
                .order(chats::requested_at.desc())
                .select(ChatRow::as_select());
            let previous = at_most(PREVIOUS_CHATS_MAX, previous, conn)?;
            let page = timeline::after(conn, id, after)?;
            let unread = timeline::unread(conn, id, chat.marks.agent.read)?;
            let listed = Listed { chat, visitor_name: visitor.name.clone(), unread };
            Ok(Opened { listed, visitor, previous: rows::list(previous)?, page })
        })
        .await
    }
}

fn listed(conn: &mut SqliteConnection, found: Vec<ChatRow>) -> Result<Vec<Listed>, StoreError> {
    let found = rows::list(found)?;
    let ids: Vec<VisitorId> = found.iter().map(|chat| chat.request.visitor).collect();
    let names: Vec<(VisitorId, Option<String>)> =
        visitors::table.filter(visitors::id.eq_any(ids)).select((visitors::id, visitors::name)).load(conn)?;
    let names: HashMap<VisitorId, Option<String>> = names.into_iter().collect();
    found
        .into_iter()
        .map(|chat| {
            let unread = timeline::unread(conn, chat.id, chat.marks.agent.read)?;
            let visitor_name = names.get(&chat.request.visitor).cloned().flatten();
            Ok(Listed { chat, visitor_name, unread })
        })
        .collect()
}

fn shown(conn: &mut SqliteConnection, directory: &Directory, chat: Chat, after: i64, now: Moment) -> Result<Shown, StoreError> {
    let page = timeline::after(conn, chat.id, after)?;
    let place = queue::place(conn, directory, &chat, now)?;
    Ok(Shown { chat, page, place })
}

fn to_resume(conn: &mut SqliteConnection, visitor: VisitorId, named: Option<ChatId>, now: Moment) -> Result<Option<Chat>, StoreError> {
    let newest = chats::table
        .filter(chats::visitor_id.eq(visitor))
        .order((IsOpen::new(chats::state).desc(), chats::requested_at.desc()))
        .select(ChatRow::as_select());
    let Some(last) = rows::list(first(newest, conn)?.into_iter().collect())?.pop() else { return Ok(None) };
    if last.state.is_open() || named == Some(last.id) {
        return Ok(Some(last));
    }
    if let Some(named) = named
        && let Some(chat) = rows::find(conn, named)?.filter(|chat| chat.request.visitor == visitor)
    {
        return Ok(Some(chat));
    }
    let recent = last.ended.is_some_and(|ended| now.steady < ended.steady.plus_seconds(RATING_DAYS_MAX * 24 * 3600));
    let has_more_to_say = match last.state {
        State::Finished => last.rating.is_none(),
        // The form that carries its protocol, until it was sent.
        State::Missed => !carried(conn, last.id)?,
        // Who left by the button knows; who lost the place by being away is told.
        State::Abandoned => last.end_reason.as_deref() == Some(AbandonReason::Disconnected.as_str()),
        State::Waiting | State::Active => true,
    };
    Ok(Some(last).filter(|_| recent && has_more_to_say))
}

/// Whether the visitor left a message about a missed chat.
fn carried(conn: &mut SqliteConnection, chat: ChatId) -> Result<bool, StoreError> {
    Ok(diesel::select(exists(offline_messages::table.filter(offline_messages::chat_id.eq(chat)))).get_result(conn)?)
}
