//! The inbox of messages that were left for later.

use diesel::sqlite::Sqlite;
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper};

use super::Store;
use super::effect::Effect;
use super::error::StoreError;
use super::schema::offline_messages;
use crate::domain::ids::{AgentId, ChatId, DepartmentId, OfflineMessageId, SiteId, VisitorId};
use crate::domain::offline::OfflineMessage;
use crate::domain::time::Timestamp;

/// Messages in one answer.
const MESSAGES_MAX: i64 = 200;

#[derive(Queryable, Selectable)]
#[diesel(table_name = offline_messages, check_for_backend(Sqlite))]
struct MessageRow {
    id: OfflineMessageId,
    site_id: SiteId,
    department_id: DepartmentId,
    visitor_id: VisitorId,
    chat_id: Option<ChatId>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    body: String,
    page_url: Option<String>,
    created_at: Timestamp,
    done_at: Option<Timestamp>,
    done_by: Option<AgentId>,
}

fn message(row: MessageRow) -> OfflineMessage {
    OfflineMessage {
        id: row.id,
        site: row.site_id,
        department: row.department_id,
        visitor: row.visitor_id,
        chat: row.chat_id,
        name: row.name,
        email: row.email,
        phone: row.phone,
        body: row.body,
        page_url: row.page_url,
        created_at: row.created_at,
        done: row.done_at.zip(row.done_by),
    }
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
            let rows: Vec<MessageRow> = offline_messages::table
                .filter(offline_messages::department_id.eq_any(departments))
                .order((offline_messages::done_at.is_not_null().asc(), offline_messages::created_at.desc()))
                .limit(MESSAGES_MAX)
                .select(MessageRow::as_select())
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
            let row: MessageRow = offline_messages::table
                .filter(offline_messages::id.eq(id).and(offline_messages::department_id.eq_any(&departments)))
                .select(MessageRow::as_select())
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
