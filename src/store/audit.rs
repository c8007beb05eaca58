//! Who changed what in the settings, read whom, or opened which secret.

use diesel::{ExpressionMethods, RunQueryDsl};
use uuid::Uuid;

use super::Store;
use super::error::StoreError;
use super::schema::audit_log;
use super::writer::Tx;
use crate::domain::ids::AgentId;
use crate::wire::detail;

/// Who acts, and from where.
#[derive(Clone, Debug)]
pub struct Author {
    pub agent: AgentId,
    /// The client's address, where it is known.
    pub address: Option<String>,
}

/// What was done, to what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act<'a> {
    /// Stable word, `noun.past_participle`.
    pub act: &'static str,
    pub target_kind: &'static str,
    pub target: Uuid,
    /// More, by name. Never a secret.
    pub detail: &'a [(&'a str, &'a str)],
}

/// Writes one line of the log, in the transaction of what it tells.
///
/// # Errors
/// A fault of the database.
pub(super) fn record(tx: &mut Tx<'_>, by: &Author, act: Act<'_>) -> Result<(), StoreError> {
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::id.eq(Uuid::now_v7().as_bytes().to_vec()),
            audit_log::at.eq(tx.now.wall),
            audit_log::actor_kind.eq("agent"),
            audit_log::actor_id.eq(by.agent.0.as_bytes().to_vec()),
            audit_log::act.eq(act.act),
            audit_log::target_kind.eq(act.target_kind),
            audit_log::target_id.eq(act.target.as_bytes().to_vec()),
            audit_log::detail.eq(detail::object_text(act.detail)),
            audit_log::address.eq(by.address.as_deref()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

impl Store {
    /// Notes what was done to something outside a job that notes it itself: a secret revealed, a test sent, an endpoint changed.
    ///
    /// # Errors
    /// Faults.
    pub async fn note(&self, by: Author, act: &'static str, target_kind: &'static str, target: Uuid) -> Result<(), StoreError> {
        self.write(move |tx| record(tx, &by, Act { act, target_kind, target, detail: &[] })).await
    }
}
