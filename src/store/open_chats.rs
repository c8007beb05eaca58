//! The open chats that were touched last, as their rows are: what spares the writer to read and decode a row of sixty columns for each message, and to look
//! for each command whether it was sent before.
//!
//! Written through: whoever changes a row (`chats`, alone) puts the changed chat here in the same job, so that the jobs behind it in the batch see it, as
//! they would see the row. Whatever undoes rows (a savepoint, a batch) forgets everything. Debug builds hold each hit against the row.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use crate::domain::chat::Chat;
use crate::domain::ids::ChatId;

/// Chats that are kept: some megabytes. Beyond it any one makes room.
const KEPT_MAX: usize = 4_096;

/// The writer's own; rows are the truth.
#[derive(Default)]
pub(super) struct OpenChats {
    kept: HashMap<ChatId, Kept>,
    hasher: RandomState,
}

struct Kept {
    chat: Arc<Chat>,
    /// Hashes of the commands that were carried out in it, eight bytes each; none until they were read.
    heard: Option<HashSet<u64>>,
}

impl OpenChats {
    /// The chat as its row is, if it is kept.
    pub fn get(&self, id: ChatId) -> Option<&Arc<Chat>> {
        self.kept.get(&id).map(|kept| &kept.chat)
    }

    /// Keeps a chat that has just been written for the first time: no command has been carried out in it.
    pub fn put_new(&mut self, chat: Arc<Chat>) {
        let id = chat.id;
        self.put(chat);
        self.hear_all(id, std::iter::empty());
    }

    /// Keeps an open chat, and lets one go that ended.
    pub fn put(&mut self, chat: Arc<Chat>) {
        if !chat.state.is_open() {
            self.kept.remove(&chat.id);
        } else if let Some(kept) = self.kept.get_mut(&chat.id) {
            kept.chat = chat;
        } else {
            if self.kept.len() >= KEPT_MAX {
                let any = self.kept.keys().next().copied();
                any.map(|any| self.kept.remove(&any));
            }
            self.kept.insert(chat.id, Kept { chat, heard: None });
        }
    }

    /// Whether a command of this name by this author may have been carried out in the chat; false is certain. None where that isn't known.
    pub fn has_heard(&self, id: ChatId, author: &[u8], client_id: &str) -> Option<bool> {
        let heard = self.kept.get(&id)?.heard.as_ref()?;
        Some(heard.contains(&self.hasher.hash_one((author, client_id))))
    }

    /// A command was carried out.
    pub fn hear(&mut self, id: ChatId, author: &[u8], client_id: &str) {
        if let Some(heard) = self.kept.get_mut(&id).and_then(|kept| kept.heard.as_mut()) {
            heard.insert(self.hasher.hash_one((author, client_id)));
        }
    }

    /// All that were carried out in a chat, authors and names.
    pub fn hear_all<'a>(&mut self, id: ChatId, all: impl Iterator<Item = (&'a [u8], &'a str)>) {
        if let Some(kept) = self.kept.get_mut(&id) {
            kept.heard = Some(all.map(|command| self.hasher.hash_one(command)).collect());
        }
    }

    /// Rows were undone.
    pub fn forget(&mut self) {
        self.kept.clear();
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
        assert_eq!(kept.kept.len(), KEPT_MAX);
        assert!(kept.get(chat.id).is_some());
        chat.state = State::Finished;
        kept.put(Arc::new(chat.clone()));
        assert!(kept.get(chat.id).is_none());
    }
}
