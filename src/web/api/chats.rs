//! Looking at chats: lists, one, its timeline.

use futures_util::FutureExt as _;

use super::caller::Caller;
use super::operation::{Access, Call, Operation, Reply, schema};
use super::query::{CURSOR, Kind, LIMIT, Parameter};
use crate::domain::chat::State;
use crate::domain::directory::Directory;
use crate::domain::ids::ChatId;
use crate::domain::time::Timestamp;
use crate::store::search::{ChatFilter, Found};
use crate::web::chat_reads;
use crate::web::error::AppError;
use crate::wire::api::Page;
use crate::wire::api::chats::{Chat, Contact};
use crate::wire::api::timeline::Entry;

const READ: Access = Access::Scope("chats:read");

const FILTERS: &[Parameter] = &[
    Parameter::new("state", Kind::Word(states), "Only chats in this state."),
    Parameter::new("department_id", Kind::Id, "Only chats that are in this department now."),
    Parameter::new("tag_id", Kind::Id, "Only chats with this tag."),
    Parameter::new("agent_id", Kind::Id, "Only chats that this agent has answered."),
    Parameter::new("visitor_id", Kind::Id, "Only chats of this visitor."),
    Parameter::new("requested_from", Kind::Time, "Only chats requested at or after this."),
    Parameter::new("requested_to", Kind::Time, "Only chats requested before this."),
    Parameter::new("protocol", Kind::Text, "Only the chat with this protocol."),
    LIMIT,
    CURSOR,
];

pub const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Lists chats, the last requested first.",
        query: FILTERS,
        ..Operation::get("/chats", "listChats", READ, schema::<Page<Chat>>, |call| list(call).boxed_local())
    },
    Operation {
        summary: "Shows one chat.",
        ..Operation::get("/chats/{id}", "getChat", READ, schema::<Chat>, |call| show(call).boxed_local())
    },
    Operation {
        summary: "Lists what happened in a chat, in order: messages, internal notes and the rest.",
        query: &[Parameter::new("after", Kind::Number { min: 0, max: i64::MAX }, "Only entries after this `seq`."), LIMIT, CURSOR],
        ..Operation::get("/chats/{id}/timeline", "getTimeline", READ, schema::<Page<Entry>>, |call| timeline(call).boxed_local())
    },
];

fn states() -> Vec<&'static str> {
    State::ALL.map(State::as_str).to_vec()
}

async fn list(call: Call) -> Result<Reply, AppError> {
    let (caller, query) = (call.caller()?, &call.query);
    let directory = call.state.store.directory();
    let filter = ChatFilter {
        state: query.text("state").and_then(State::parse),
        department: query.get("department_id"),
        tag: query.get("tag_id"),
        agent: query.get("agent_id"),
        visitor: query.get("visitor_id"),
        since: query.time("requested_from"),
        until: query.time("requested_to"),
        protocol: query.text("protocol").map(ToOwned::to_owned),
    };
    let before = query.cursor(place_from)?;
    let mut found = call.state.store.search_chats(caller.sight(&directory), filter, before, query.limit_and_one()).await?;
    let next_cursor = query.cut(&mut found, place);
    let data = found.into_iter().map(|found| view(found, caller, &directory)).collect();
    Reply::json(&Page { data, next_cursor })
}

fn place(last: &Found) -> String {
    format!("{} {}", last.chat.requested_at.ms(), last.chat.id)
}

fn place_from(text: &str) -> Option<(Timestamp, ChatId)> {
    let (at, id) = text.split_once(' ')?;
    Some((Timestamp::from_ms(at.parse().ok()?), id.parse().ok()?))
}

fn view(found: Found, caller: &Caller, directory: &Directory) -> Chat {
    let reachable = caller.may("visitors:read");
    let contact = Contact { name: found.name, email: found.email.filter(|_| reachable), phone: found.phone.filter(|_| reachable) };
    Chat::of(&found.chat, contact, directory)
}

async fn show(call: Call) -> Result<Reply, AppError> {
    let (caller, directory) = (call.caller()?, call.state.store.directory());
    let chat = visible(&call, caller).await?;
    let visitor = call.state.store.visitor(chat.request.visitor).await?;
    let found = Found { chat, name: visitor.name, email: visitor.email, phone: visitor.phone.or(visitor.phone_raw) };
    Reply::json(&view(found, caller, &directory))
}

/// The chat of the path, if the caller may see it.
async fn visible(call: &Call, caller: &Caller) -> Result<crate::domain::chat::Chat, AppError> {
    let chat = call.state.store.chat(call.id()?).await?;
    if !caller.sight(&call.state.store.directory()).covers(&chat) {
        return Err(AppError::NotFound);
    }
    // Of a person: a program's own token answers for itself in what it does.
    if caller.session().is_some() {
        chat_reads::note(&call.state, caller.author(), &chat);
    }
    Ok(chat)
}

async fn timeline(call: Call) -> Result<Reply, AppError> {
    let (query, directory) = (&call.query, call.state.store.directory());
    let after = query.cursor(|place| place.parse().ok())?.or_else(|| query.get("after")).unwrap_or(0);
    let chat = visible(&call, call.caller()?).await?;
    let mut entries = call.state.store.entries_from(chat.id, after, query.limit_and_one()).await?;
    let next_cursor = query.cut(&mut entries, |last| last.seq.to_string());
    Reply::json(&Page { data: entries.iter().map(|entry| Entry::of(entry, &directory)).collect(), next_cursor })
}
