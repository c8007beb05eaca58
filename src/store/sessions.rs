//! Who is signed in: browsers and programs, each revocable.

use diesel::sqlite::Sqlite;
use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper};

use super::Store;
use super::audit::{self, Act, Author};
use super::effect::Effect;
use super::error::StoreError;
use super::schema::{agents, sessions};
use super::writer::Tx;
use crate::auth::token::TokenHash;
use crate::domain::ids::{AgentId, SessionId};
use crate::domain::time::Timestamp;

/// Milliseconds between two notes that a session was used.
const TOUCH_MS: i64 = 5 * 60 * 1000;
/// Longest user agent kept, in Unicode scalar values.
const USER_AGENT_LENGTH_MAX: usize = 300;

/// What opens a session.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub agent: AgentId,
    pub token: TokenHash,
    /// Whether a program holds it, not a browser.
    pub program: bool,
    pub user_agent: String,
    pub address: String,
    /// Milliseconds without use after which it ends.
    pub idle_ms: i64,
}

/// A session that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub agent: AgentId,
    pub program: bool,
    pub user_agent: String,
    pub address: String,
    pub used_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Sqlite))]
struct SessionRow {
    id: SessionId,
    agent_id: AgentId,
    kind: String,
    user_agent: String,
    address: String,
    used_at: Timestamp,
    expires_at: Timestamp,
}

fn session(row: SessionRow) -> Session {
    let SessionRow { id, agent_id: agent, kind, user_agent, address, used_at, expires_at } = row;
    Session { id, agent, program: kind == "program", user_agent, address, used_at, expires_at }
}

impl Store {
    /// Opens a session for an account in use.
    ///
    /// # Errors
    /// `NotFound` where the account is archived; faults.
    pub async fn open_session(&self, new: NewSession) -> Result<SessionId, StoreError> {
        let id = SessionId::new();
        self.write(move |tx| {
            tx.directory.agents.get(&new.agent).filter(|agent| agent.archived_at.is_none()).ok_or(StoreError::NotFound)?;
            let at = tx.now.wall;
            diesel::insert_into(sessions::table)
                .values((
                    sessions::id.eq(id),
                    sessions::token_hash.eq(new.token.bytes().as_slice()),
                    sessions::agent_id.eq(new.agent),
                    sessions::kind.eq(if new.program { "program" } else { "browser" }),
                    sessions::user_agent.eq(new.user_agent.chars().take(USER_AGENT_LENGTH_MAX).collect::<String>()),
                    sessions::address.eq(&new.address),
                    sessions::created_at.eq(at),
                    sessions::used_at.eq(at),
                    sessions::expires_at.eq(at.plus_ms(new.idle_ms)),
                ))
                .execute(tx.conn)?;
            Ok(id)
        })
        .await
    }

    /// The open session behind a token, of an account in use. Notes that it was used, every few minutes, which prolongs it.
    ///
    /// # Errors
    /// Faults.
    pub async fn session_of(&self, token: TokenHash) -> Result<Option<Session>, StoreError> {
        let now = self.clock().now().wall;
        let row = self
            .read(move |conn| {
                let row: Option<SessionRow> = sessions::table
                    .inner_join(agents::table.on(agents::id.eq(sessions::agent_id)))
                    .filter(sessions::token_hash.eq(token.bytes().as_slice()))
                    .filter(sessions::revoked_at.is_null())
                    .filter(sessions::expires_at.gt(now))
                    .filter(agents::archived_at.is_null())
                    .select(SessionRow::as_select())
                    .get_result(conn)
                    .optional()?;
                Ok(row.map(session))
            })
            .await?;
        if let Some(session) = row.as_ref().filter(|session| now.ms_since(session.used_at) >= TOUCH_MS) {
            self.touch_session(session).await;
        }
        Ok(row)
    }

    async fn touch_session(&self, session: &Session) {
        let (id, idle_ms) = (session.id, session.expires_at.ms_since(session.used_at));
        self.write_if_possible(move |tx| {
            let at = tx.now.wall;
            diesel::update(sessions::table.find(id))
                .set((sessions::used_at.eq(at), sessions::expires_at.eq(at.plus_ms(idle_ms))))
                .execute(tx.conn)?;
            Ok(())
        })
        .await;
    }

    /// The open sessions of an account, the last used first.
    ///
    /// # Errors
    /// Faults.
    pub async fn sessions_of(&self, agent: AgentId) -> Result<Vec<Session>, StoreError> {
        let now = self.clock().now().wall;
        self.read(move |conn| {
            let rows: Vec<SessionRow> = sessions::table
                .filter(sessions::agent_id.eq(agent))
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(now))
                .order(sessions::used_at.desc())
                .select(SessionRow::as_select())
                .load(conn)?;
            Ok(rows.into_iter().map(session).collect())
        })
        .await
    }

    /// Ends one session of an account.
    ///
    /// # Errors
    /// `NotFound` where it isn't an open session of that account; faults.
    pub async fn revoke_session(&self, id: SessionId, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            let ended =
                diesel::update(sessions::table.find(id).filter(sessions::agent_id.eq(by.agent)).filter(sessions::revoked_at.is_null()))
                    .set(sessions::revoked_at.eq(tx.now.wall))
                    .execute(tx.conn)?;
            if ended == 0 {
                return Err(StoreError::NotFound);
            }
            audit::record(tx, &by, Act { act: "session.revoked", target_kind: "session", target: id.0, detail: &[] })?;
            tx.publish(Effect::SessionsEnded(vec![id]));
            Ok(())
        })
        .await
    }
}

/// Ends every session of an account but one, in the caller's transaction.
///
/// # Errors
/// A fault of the database.
pub(super) fn end_all(tx: &mut Tx<'_>, agent: AgentId, but: Option<SessionId>) -> Result<(), StoreError> {
    let open = sessions::table.filter(sessions::agent_id.eq(agent)).filter(sessions::revoked_at.is_null());
    let mut ended: Vec<SessionId> = open.select(sessions::id).load(tx.conn)?;
    ended.retain(|id| Some(*id) != but);
    diesel::update(sessions::table.filter(sessions::id.eq_any(&ended))).set(sessions::revoked_at.eq(tx.now.wall)).execute(tx.conn)?;
    tx.publish(Effect::SessionsEnded(ended));
    Ok(())
}
