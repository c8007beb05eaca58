//! The boot rule: the server's own down-time is nobody's absence.

use diesel::connection::SimpleConnection;
use diesel::{QueryDsl, RunQueryDsl, SelectableHelper, SqliteConnection};

use crate::domain::chat::deadline;
use crate::domain::time::Moment;
use crate::store::agenda::Agenda;
use crate::store::chats::{self as rows, ChatRow};
use crate::store::directory;
use crate::store::error::StoreError;
use crate::store::prepared::IsOpen;
use crate::store::schema::chats;

/// Milliseconds that who was already absent gets at least.
const RETURN_MS_MIN: i64 = 30_000;

/// Whoever was present counts as absent from now; who was absent already gets at least 30 s more; stored times in the future count as now. Then
/// every open chat's deadline goes on the agenda.
///
/// # Errors
/// A fault of the database.
pub fn boot(conn: &mut SqliteConnection, now: Moment, agenda: &Agenda) -> Result<(), StoreError> {
    let (wall, steady) = (now.wall.ms(), now.steady.ms());
    conn.immediate_transaction::<_, diesel::result::Error, _>(|conn| {
        // A tab that was open at the stop is gone; it may come back.
        conn.batch_execute(&format!(
            "update chats set absent_at = {wall}, absent_steady = {steady} where state in ('waiting', 'active') and absent_steady is null;
             update agents set absent_at = {wall}, absent_steady = {steady} where absent_steady is null and archived_at is null;
             update chats set queued_steady = {steady} where state in ('waiting', 'active') and queued_steady > {steady};
             update chats set idle_steady = {steady} where state = 'active' and idle_steady > {steady};
             update chats set absent_steady = {steady} where state in ('waiting', 'active') and absent_steady > {steady};
             update chats set called_steady = {steady} where state = 'waiting' and called_steady > {steady};
             update chats set ended_steady = {steady} where ended_steady > {steady};
             update agents set absent_steady = {steady} where absent_steady > {steady};
             update chats set offered_until_steady = min(offered_until_steady, {steady} + 1000 * (select offer_seconds from departments where id = department_id))
               where state = 'waiting' and offered_to is not null;
             update chats set absent_steady = max(absent_steady, {steady} + {RETURN_MS_MIN} - 1000 * (select grace_seconds from departments where id = department_id))
               where state = 'waiting';
             update agents set absent_steady = max(absent_steady, {steady} + {RETURN_MS_MIN} - 1000 * coalesce((select min(agent_lost_seconds) from departments
               join chats on chats.department_id = departments.id where chats.state = 'active' and chats.agent_id = agents.id), 0))
               where archived_at is null and exists (select 1 from chats where state = 'active' and agent_id = agents.id);"
        ))
    })?;
    let directory = directory::load(conn)?;
    let open = chats::table.filter(IsOpen::new(chats::state)).select(ChatRow::as_select()).load(conn)?;
    for chat in rows::list(open)? {
        agenda.set(chat.id, deadline::next(&chat, &directory).map(|deadline| deadline.due));
    }
    Ok(())
}
