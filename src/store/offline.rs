//! The inbox of messages that were left for later.

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl};

use super::Store;
use super::effect::Effect;
use super::error::StoreError;
use super::schema::offline_messages;
use crate::domain::ids::{AgentId, ChatId, DepartmentId, OfflineMessageId, SiteId, VisitorId};
use crate::domain::offline::OfflineMessage;
use crate::domain::time::Timestamp;

/// Messages in one answer.
const MESSAGES_MAX: i64 = 200;

type Row = (
    (OfflineMessageId, SiteId, DepartmentId, VisitorId, Option<ChatId>),
    (Option<String>, Option<String>, Option<String>, String, Option<String>, Timestamp, Option<Timestamp>, Option<AgentId>),
);

fn message(row: Row) -> OfflineMessage {
    let ((id, site, department, visitor, chat), (name, email, phone, body, page_url, created_at, done_at, done_by)) = row;
    OfflineMessage { id, site, department, visitor, chat, name, email, phone, body, page_url, created_at, done: done_at.zip(done_by) }
}

macro_rules! columns {
    () => {
        (
            (
                offline_messages::id,
                offline_messages::site_id,
                offline_messages::department_id,
                offline_messages::visitor_id,
                offline_messages::chat_id,
            ),
            (
                offline_messages::name,
                offline_messages::email,
                offline_messages::phone,
                offline_messages::body,
                offline_messages::page_url,
                offline_messages::created_at,
                offline_messages::done_at,
                offline_messages::done_by,
            ),
        )
    };
}

impl Store {
    /// How many messages of these departments nobody has handled yet.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn open_offline_messages(&self, departments: Vec<DepartmentId>) -> Result<i64, StoreError> {
        self.read(move |conn| {
            let open = offline_messages::department_id.eq_any(departments).and(offline_messages::done_at.is_null());
            Ok(offline_messages::table.filter(open).count().get_result(conn)?)
        })
        .await
    }

    /// The messages of these departments, newest first.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn offline_messages(&self, departments: Vec<DepartmentId>) -> Result<Vec<OfflineMessage>, StoreError> {
        self.read(move |conn| {
            let rows: Vec<Row> = offline_messages::table
                .filter(offline_messages::department_id.eq_any(departments))
                .order((offline_messages::done_at.is_not_null().asc(), offline_messages::created_at.desc()))
                .limit(MESSAGES_MAX)
                .select(columns!())
                .load(conn)?;
            Ok(rows.into_iter().map(message).collect())
        })
        .await
    }

    /// Notes that somebody handled a message; twice is once.
    ///
    /// # Errors
    /// `NotFound` where it is of none of these departments, or a fault of the database.
    pub async fn finish_offline_message(
        &self,
        id: OfflineMessageId,
        agent: AgentId,
        departments: Vec<DepartmentId>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            let row: Row = offline_messages::table
                .filter(offline_messages::id.eq(id).and(offline_messages::department_id.eq_any(&departments)))
                .select(columns!())
                .first(tx.conn)?;
            let mut found = message(row);
            if found.done.is_none() {
                diesel::update(offline_messages::table.find(id))
                    .set((offline_messages::done_at.eq(tx.now.wall), offline_messages::done_by.eq(agent)))
                    .execute(tx.conn)?;
                found.done = Some((tx.now.wall, agent));
                tx.publish(Effect::OfflineMessage(Box::new(found)));
            }
            Ok(())
        })
        .await
    }
}
