//! Who looked into a chat of somebody else's: one row of the audit log per person and chat in an hour.
//!
//! Whoever reads neither waits for the row nor fails with it. What was noted within the hour is kept in memory alone: a restart may note a reading again.
//! Source: SECURITY.md, Authorisation.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::rt;
use actix_web::web::Data;

use super::state::AppState;
use crate::domain::chat::{Chat, State};
use crate::domain::ids::{AgentId, ChatId};
use crate::domain::time::Timestamp;
use crate::store::audit::Author;

/// Seconds in which looking again is the same reading.
const SAME_READING_SECONDS: i64 = 3600;
/// Most readings remembered; beyond it those of the last hour are forgotten, and noted again.
const READINGS_MAX: usize = 20_000;

/// What was read within the last hour, by whom.
#[derive(Debug, Default)]
pub struct ChatReads(Mutex<HashMap<(AgentId, ChatId), Timestamp>>);

impl ChatReads {
    /// Notes a reading; whether it is the first of this hour. `now` is steady time.
    fn begins(&self, agent: AgentId, chat: ChatId, now: Timestamp) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(&(agent, chat)).is_some_and(|at| now.seconds_since(*at) < SAME_READING_SECONDS) {
            return false;
        }
        if noted.len() >= READINGS_MAX {
            noted.retain(|_, at| now.seconds_since(*at) < SAME_READING_SECONDS);
            if noted.len() >= READINGS_MAX {
                noted.clear();
            }
        }
        noted.insert((agent, chat), now);
        true
    }

    /// Takes a reading back that could not be written down.
    fn forget(&self, agent: AgentId, chat: ChatId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(agent, chat));
    }
}

/// Notes that somebody sees a chat that they never answered. What waits is there to be seen by who may take it.
pub fn note(state: &Data<AppState>, by: Author, chat: &Chat) {
    let is_own = chat.agent == Some(by.agent) || chat.agents.contains(&by.agent);
    if is_own || chat.state == State::Waiting || !state.chat_reads.begins(by.agent, chat.id, state.store.clock().now().steady) {
        return;
    }
    let (state, chat) = (state.clone(), chat.id);
    rt::spawn(async move {
        let agent = by.agent;
        if let Err(error) = state.store.note(by, "chat.read", "chat", chat.0).await {
            tracing::warn!(%error, "a reading could not be noted");
            state.chat_reads.forget(agent, chat);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::{ChatReads, READINGS_MAX};
    use crate::domain::ids::{AgentId, ChatId};
    use crate::domain::time::Timestamp;

    #[test]
    fn the_same_reading_counts_once_in_an_hour() {
        let (reads, agent, chat) = (ChatReads::default(), AgentId::new(), ChatId::new());
        let now = Timestamp::from_ms(1_000_000);
        assert!(reads.begins(agent, chat, now));
        assert!(!reads.begins(agent, chat, now.plus_seconds(3599)));
        assert!(reads.begins(AgentId::new(), chat, now) && reads.begins(agent, ChatId::new(), now));
        assert!(reads.begins(agent, chat, now.plus_seconds(3600)));
        reads.forget(agent, chat);
        assert!(reads.begins(agent, chat, now.plus_seconds(3601)));
    }

    #[test]
    fn who_reads_everything_fills_no_memory() {
        let (reads, agent, now) = (ChatReads::default(), AgentId::new(), Timestamp::from_ms(1_000_000));
        for _ in 0..=READINGS_MAX {
            assert!(reads.begins(agent, ChatId::new(), now));
        }
        assert!(reads.0.lock().expect("no panic while held").len() <= READINGS_MAX);
    }
}
