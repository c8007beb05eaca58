//! Passwords as hashes, and the links by which they are set. Hashing itself happens outside, on another thread.

use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl};

use super::Store;
use super::audit::{self, Act, Author};
use super::error::StoreError;
use super::people;
use super::schema::{agents, password_links};
use super::sessions;
use crate::auth::token::{Token, TokenHash};
use crate::domain::ids::{AgentId, SessionId};
use crate::domain::time::Timestamp;

/// Seconds that a password link is valid.
pub const PASSWORD_LINK_SECONDS: i64 = 3 * 24 * 3600;

impl Store {
    /// The account with this e-mail, unless archived, and its password's hash.
    ///
    /// # Errors
    /// Faults.
    pub async fn account_by_email(&self, email: String) -> Result<Option<(AgentId, Option<String>)>, StoreError> {
        self.read(move |conn| {
            Ok(agents::table
                .filter(agents::email.eq(email))
                .filter(agents::archived_at.is_null())
                .select((agents::id, agents::password_hash))
                .first(conn)
                .optional()?)
        })
        .await
    }

    /// The hash of an account's password.
    ///
    /// # Errors
    /// Faults.
    pub async fn password_hash_of(&self, agent: AgentId) -> Result<Option<String>, StoreError> {
        self.read(move |conn| {
            Ok(agents::table.find(agent).select(agents::password_hash).first::<Option<String>>(conn).optional()?.flatten())
        })
        .await
    }

    /// Sets an account's own password and ends its other sessions.
    ///
    /// # Errors
    /// `NotFound`; faults.
    pub async fn change_password(&self, password_hash: String, kept: SessionId, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.directory.agents.get(&by.agent).ok_or(StoreError::NotFound)?;
            diesel::update(agents::table.find(by.agent)).set(agents::password_hash.eq(&password_hash)).execute(tx.conn)?;
            sessions::end_all(tx, by.agent, Some(kept))?;
            people::end_links(tx, by.agent)?;
            audit::record(tx, &by, Act { act: "password.changed", target_kind: "agent", target: by.agent.0, detail: &[] })
        })
        .await
    }

    /// Gives an account of a demo the password that this start prints. It replaces one that nobody doubts, so whoever signed in before stays signed in.
    ///
    /// # Errors
    /// `NotFound`; faults.
    pub async fn renew_password(&self, agent: AgentId, password_hash: String) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.directory.agents.get(&agent).ok_or(StoreError::NotFound)?;
            diesel::update(agents::table.find(agent)).set(agents::password_hash.eq(&password_hash)).execute(tx.conn)?;
            Ok(())
        })
        .await
    }

    /// Makes a link by which an account sets its password; those made before end.
    ///
    /// # Errors
    /// `NotFound` where the account is archived; faults.
    pub async fn create_password_link(&self, agent: AgentId, by: Author) -> Result<Token, StoreError> {
        let token = Token::new();
        let hash = token.hash();
        self.write(move |tx| {
            tx.directory.agents.get(&agent).filter(|agent| agent.archived_at.is_none()).ok_or(StoreError::NotFound)?;
            people::end_links(tx, agent)?;
            diesel::insert_into(password_links::table)
                .values((
                    password_links::token_hash.eq(hash.bytes().as_slice()),
                    password_links::agent_id.eq(agent),
                    password_links::created_at.eq(tx.now.wall),
                    password_links::expires_at.eq(tx.now.wall.plus_seconds(PASSWORD_LINK_SECONDS)),
                ))
                .execute(tx.conn)?;
            audit::record(tx, &by, Act { act: "password_link.created", target_kind: "agent", target: agent.0, detail: &[] })
        })
        .await?;
        Ok(token)
    }

    /// Whose password a link sets, while it is valid.
    ///
    /// # Errors
    /// Faults.
    pub async fn password_link_holder(&self, hash: TokenHash) -> Result<Option<AgentId>, StoreError> {
        let now = self.clock().now().wall;
        self.read(move |conn| holder(conn, hash, now)).await
    }

    /// Sets a password by a link, which ends, as do all sessions of the account.
    ///
    /// # Errors
    /// `NotFound` where the link isn't valid (any more); faults.
    pub async fn set_password_by_link(&self, hash: TokenHash, password_hash: String) -> Result<AgentId, StoreError> {
        self.write(move |tx| {
            let agent = holder(tx.conn, hash, tx.now.wall)?.ok_or(StoreError::NotFound)?;
            diesel::update(agents::table.find(agent)).set(agents::password_hash.eq(&password_hash)).execute(tx.conn)?;
            people::end_links(tx, agent)?;
            sessions::end_all(tx, agent, None)?;
            let by = Author { agent, address: None };
            audit::record(tx, &by, Act { act: "password.set_by_link", target_kind: "agent", target: agent.0, detail: &[] })?;
            Ok(agent)
        })
        .await
    }
}

fn holder(conn: &mut diesel::SqliteConnection, hash: TokenHash, now: Timestamp) -> Result<Option<AgentId>, StoreError> {
    Ok(password_links::table
        .inner_join(agents::table.on(agents::id.eq(password_links::agent_id)))
        .filter(password_links::token_hash.eq(hash.bytes().as_slice()))
        .filter(password_links::used_at.is_null())
        .filter(password_links::expires_at.gt(now))
        .filter(agents::archived_at.is_null())
        .select(password_links::agent_id)
        .first(conn)
        .optional()?)
}
