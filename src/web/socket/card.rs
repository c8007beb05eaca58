//! The visitor card as a frame.

use actix_web::web::Data;
use bytestring::ByteString;

use crate::domain::ids::{AgentId, ChatId};
use crate::hub::Topic;
use crate::relay::Relay;
use crate::store::search::Sight;
use crate::store::snapshots::Opened;
use crate::web::error::AppError;
use crate::web::state::AppState;
use crate::wire::frames::{AgentFrame, encode};
use crate::wire::views::Card;

/// The card of an opened chat, with the page where the visitor is now.
pub(super) fn of(state: &AppState, opened: &Opened) -> Card {
    let chat = &opened.listed.chat;
    let page = state.pages.of(chat.request.visitor).unwrap_or_else(|| chat.request.page.clone());
    Card::of(chat, &opened.visitor, &page, &state.store.directory())
}

/// Shows cards that changed by what was committed, until the end.
pub async fn follow(state: Data<AppState>, relay: Relay) {
    loop {
        for (chat, agent) in relay.stale_cards().await {
            if !is_seen(&state, chat, agent) {
                continue;
            }
            match frame(&state, chat).await {
                Ok(frame) => publish(&state, chat, agent, &frame),
                Err(error) => tracing::warn!(code = error.code(), "a visitor card could not be shown"),
            }
        }
    }
}

/// To who answers and to those who have the chat open.
pub(super) fn publish(state: &AppState, chat: ChatId, agent: Option<AgentId>, frame: &ByteString) {
    state.hub.publish(&audience(chat, agent), frame);
}

/// Whether anybody would hear it. Who opens the chat later reads it then.
pub(super) fn is_seen(state: &AppState, chat: ChatId, agent: Option<AgentId>) -> bool {
    audience(chat, agent).into_iter().any(|topic| state.hub.has(topic))
}

fn audience(chat: ChatId, agent: Option<AgentId>) -> [Topic; 2] {
    [agent.map_or(Topic::Chat(chat), Topic::Agent), Topic::Chat(chat)]
}

/// The card of a chat as it is now, for everybody who has it open: without the chats before it, of which each of them may see others.
pub(super) async fn frame(state: &AppState, id: ChatId) -> Result<ByteString, AppError> {
    let opened = state.store.open_chat(id, i64::MAX, Sight::default()).await?;
    Ok(encode(&AgentFrame::Card { chat_id: id.to_string(), card: Box::new(of(state, &opened)) }))
}
