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
        let nearest = index.by_time.first().map(|(time, _)| *time);
        if let Some(before) = index.by_chat.remove(&chat) {
            index.by_time.remove(&(before, chat));
        }
        if let Some(due) = due {
            index.by_chat.insert(chat, due);
            index.by_time.insert((due, chat));
            // One that moves away wakes nobody: each message moves its chat's, and who wakes too early looks and sleeps on.
            if nearest.is_none_or(|nearest| due < nearest) {
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

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn is_woken(agenda: &Agenda) -> bool {
        pin!(agenda.changed()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn only_a_deadline_that_came_nearer_than_all_wakes() {
        let (agenda, chats) = (Agenda::default(), [ChatId::new(), ChatId::new()]);
        agenda.set(chats[0], Some(Timestamp::from_ms(2_000)));
        assert!(is_woken(&agenda), "the first");
        agenda.set(chats[0], Some(Timestamp::from_ms(3_000)));
        assert!(!is_woken(&agenda), "it moved away");
        agenda.set(chats[1], Some(Timestamp::from_ms(3_500)));
        assert!(!is_woken(&agenda), "it is not the nearest");
        agenda.set(chats[1], Some(Timestamp::from_ms(1_000)));
        assert!(is_woken(&agenda), "it is the nearest now");
        agenda.set(chats[1], None);
        assert!(!is_woken(&agenda), "it is off");
        assert_eq!(agenda.nearest(), Some(Timestamp::from_ms(3_000)));
    }
}
