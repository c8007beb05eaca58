//! One index over the deadlines of all open chats, kept up by the writer after each COMMIT, read by the sweeper, which sleeps until the nearest.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::domain::ids::ChatId;
use crate::domain::time::Timestamp;

/// When which chat wants a look, in steady time.
#[derive(Default)]
pub struct Agenda {
    index: Mutex<Index>,
    changed: Notify,
}

#[derive(Default)]
struct Index {
    by_time: BTreeSet<(Timestamp, ChatId)>,
    by_chat: HashMap<ChatId, Timestamp>,
}

impl Agenda {
    /// Notes the next deadline of a chat; none takes it off.
    pub fn set(&self, chat: ChatId, due: Option<Timestamp>) {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = index.by_chat.remove(&chat) {
            index.by_time.remove(&(before, chat));
        }
        if let Some(due) = due {
            index.by_chat.insert(chat, due);
            index.by_time.insert((due, chat));
            if index.by_time.first() == Some(&(due, chat)) {
                self.changed.notify_one();
            }
        }
    }

    /// The chats whose deadline has come, the earliest first, taken off the agenda.
    #[must_use]
    pub fn take_due(&self, now: Timestamp) -> Vec<ChatId> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        while let Some(&(time, chat)) = index.by_time.first().filter(|(time, _)| *time <= now) {
            index.by_time.remove(&(time, chat));
            index.by_chat.remove(&chat);
            due.push(chat);
        }
        due
    }

    /// The nearest deadline.
    #[must_use]
    pub fn nearest(&self) -> Option<Timestamp> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner).by_time.first().map(|(time, _)| *time)
    }

    /// Waits until a deadline came nearer than all before.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}
