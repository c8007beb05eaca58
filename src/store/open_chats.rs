//! The open chats that were touched last, as their rows are: what spares the writer to read and decode a row of sixty columns for each message.
//!
//! Written through: whoever changes a row (`chats`, alone) puts the changed chat here in the same job, so that the jobs behind it in the batch see it, as
//! they would see the row. Whatever undoes rows (a savepoint, a batch) forgets everything. Debug builds hold each hit against the row.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::chat::Chat;
use crate::domain::ids::ChatId;

/// Chats that are kept: some megabytes. Beyond it any one makes room.
const KEPT_MAX: usize = 4_096;

/// The writer's own; rows are the truth.
#[derive(Default)]
pub(super) struct OpenChats(HashMap<ChatId, Arc<Chat>>);

impl OpenChats {
    /// The chat as its row is, if it is kept.
    pub fn get(&self, id: ChatId) -> Option<&Arc<Chat>> {
        self.0.get(&id)
    }

    /// Keeps an open chat, and lets one go that ended.
    pub fn put(&mut self, chat: Arc<Chat>) {
        if !chat.state.is_open() {
            self.0.remove(&chat.id);
            return;
        }
        if self.0.len() >= KEPT_MAX && !self.0.contains_key(&chat.id) {
            let any = self.0.keys().next().copied();
            any.map(|any| self.0.remove(&any));
        }
        self.0.insert(chat.id, chat);
    }

    /// Rows were undone.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Arc, Chat, ChatId, KEPT_MAX, OpenChats};
    use crate::domain::chat::{Request, State, evolve};
    use crate::domain::ids::{DepartmentId, SiteId, VisitorId};
    use crate::domain::page::{Page, Utm};
    use crate::domain::time::{Moment, Timestamp};

    fn waiting() -> Chat {
        let request = Request {
            protocol: String::new(),
            site: SiteId::new(),
            department: DepartmentId::new(),
            visitor: VisitorId::new(),
            origin: "widget".to_owned(),
            locale: "pt-BR".to_owned(),
            timezone: None,
            subject: String::new(),
            page: Page::default(),
            utm: Utm::default(),
            fields: "{}".to_owned(),
            consent: None,
            marketing: false,
            previous_chat: None,
        };
        evolve::requested(ChatId::new(), request, Moment { wall: Timestamp::from_ms(1), steady: Timestamp::from_ms(1) })
    }

    #[test]
    fn it_keeps_what_is_open_and_no_more_than_its_bound() {
        let mut kept = OpenChats::default();
        let mut chat = waiting();
        for _ in 0..=KEPT_MAX {
            chat.id = ChatId::new();
            kept.put(Arc::new(chat.clone()));
        }
        assert_eq!(kept.0.len(), KEPT_MAX);
        assert!(kept.get(chat.id).is_some());
        chat.state = State::Finished;
        kept.put(Arc::new(chat.clone()));
        assert!(kept.get(chat.id).is_none());
    }
}
