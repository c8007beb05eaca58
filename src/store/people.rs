//! Accounts: who they are, what they may do, in which departments.

use std::collections::BTreeSet;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::Store;
use super::audit::{self, Act, Author};
use super::commands;
use super::error::{Invalid, StoreError};
use super::organisation::settle;
use super::schema::{agents, api_tokens, department_members, password_links};
use super::sessions;
use super::writer::Tx;
use crate::domain::agent::{CONNECTED_GRACE_SECONDS, Role};
use crate::domain::ids::{AgentId, DepartmentId};

/// What an admin says about an account.
#[derive(Clone, Debug)]
pub struct AgentData {
    pub name: String,
    pub email: String,
    pub role: Role,
    pub chats_max: i32,
    pub external_id: Option<String>,
    /// Departments, and whether supervised.
    pub places: Vec<(DepartmentId, bool)>,
}

impl Store {
    /// Adds an account; it has no password until its holder sets one by a link.
    ///
    /// # Errors
    /// `email_taken`, `email_taken_archived`, `department_unknown`; faults.
    pub async fn create_agent(&self, data: AgentData, by: Author) -> Result<AgentId, StoreError> {
        let id = AgentId::new();
        self.write(move |tx| {
            require_free_email(tx, None, &data.email)?;
            require_departments(tx, &data)?;
            diesel::insert_into(agents::table)
                .values((
                    agents::id.eq(id),
                    agents::email.eq(&data.email),
                    agents::name.eq(&data.name),
                    agents::role.eq(data.role.as_str()),
                    agents::availability_at.eq(tx.now.wall),
                    agents::absent_at.eq(tx.now.wall),
                    agents::absent_steady.eq(tx.now.steady.plus_seconds(-CONNECTED_GRACE_SECONDS)),
                    agents::created_at.eq(tx.now.wall),
                ))
                .execute(tx.conn)?;
            write_fields(tx, id, &data)?;
            record(tx, &by, "agent.created", id, &data)?;
            settle(tx)?;
            Ok(id)
        })
        .await
    }

    /// Changes an account and replaces its places in departments.
    ///
    /// # Errors
    /// `NotFound`, `email_taken`, `email_taken_archived`, `department_unknown`, `last_admin`; faults.
    pub async fn change_agent(&self, id: AgentId, data: AgentData, by: Author) -> Result<(), StoreError> {
        self.write_guarded(move |tx| {
            let before = tx.directory.agents.get(&id).cloned().ok_or(StoreError::NotFound)?;
            let places = places_of(tx, id);
            require_free_email(tx, Some(id), &data.email)?;
            require_departments(tx, &data)?;
            if data.role != Role::Admin {
                require_other_admin(tx, id, "role")?;
            }
            write_fields(tx, id, &data)?;
            if before.role == Role::Admin && data.role != Role::Admin {
                end_tokens(tx, id)?;
            }
            record(tx, &by, "agent.changed", id, &data)?;
            settle(tx)?;
            let touched: BTreeSet<DepartmentId> =
                places.iter().copied().chain(data.places.iter().map(|(department, _)| *department)).collect();
            touched.into_iter().try_for_each(|department| commands::department_changed(tx, department))
        })
        .await
    }

    /// Archives an account: its sessions, tokens and links end at once, and its chats return to their queues.
    ///
    /// # Errors
    /// `NotFound`, `last_admin`; faults.
    pub async fn archive_agent(&self, id: AgentId, by: Author) -> Result<(), StoreError> {
        self.write_guarded(move |tx| {
            tx.directory.agents.get(&id).filter(|agent| agent.archived_at.is_none()).ok_or(StoreError::NotFound)?;
            require_other_admin(tx, id, "archive")?;
            diesel::update(agents::table.find(id))
                .set((agents::archived_at.eq(tx.now.wall), agents::availability.eq("offline")))
                .execute(tx.conn)?;
            sessions::end_all(tx, id, None)?;
            end_tokens(tx, id)?;
            end_links(tx, id)?;
            audit::record(tx, &by, Act { act: "agent.archived", target_kind: "agent", target: id.0, detail: &[] })?;
            // The machine sees an archived agent, and says so as the reason.
            settle(tx)?;
            commands::return_chats_of(tx, id)
        })
        .await
    }

    /// Takes an account out of the archive, without a password: its holder sets a new one by a link.
    ///
    /// # Errors
    /// `NotFound`; faults.
    pub async fn restore_agent(&self, id: AgentId, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.directory.agents.get(&id).ok_or(StoreError::NotFound)?;
            diesel::update(agents::table.find(id))
                .set((agents::archived_at.eq(None::<i64>), agents::password_hash.eq(None::<String>)))
                .execute(tx.conn)?;
            audit::record(tx, &by, Act { act: "agent.restored", target_kind: "agent", target: id.0, detail: &[] })?;
            settle(tx)
        })
        .await
    }

    /// Sets an agent's own language and theme; none leaves it as it is.
    ///
    /// # Errors
    /// `NotFound`; faults.
    pub async fn change_preferences(&self, id: AgentId, locale: Option<String>, theme: Option<String>) -> Result<(), StoreError> {
        self.write(move |tx| {
            let agent = tx.directory.agents.get(&id).ok_or(StoreError::NotFound)?;
            let locale = locale.clone().or_else(|| agent.locale.clone());
            let theme = theme.clone().unwrap_or_else(|| agent.theme.clone());
            diesel::update(agents::table.find(id)).set((agents::locale.eq(locale), agents::theme.eq(theme))).execute(tx.conn)?;
            settle(tx)
        })
        .await
    }

    /// The accounts in use that have no password yet.
    ///
    /// # Errors
    /// Faults.
    pub async fn agents_without_password(&self) -> Result<Vec<AgentId>, StoreError> {
        self.read(|conn| Ok(agents::table.filter(agents::password_hash.is_null()).select(agents::id).load(conn)?)).await
    }
}

/// The departments in use that an agent belongs to.
fn places_of(tx: &Tx<'_>, id: AgentId) -> Vec<DepartmentId> {
    let own = |department: &&crate::domain::department::Department| department.archived_at.is_none() && department.member(id).is_some();
    tx.directory.departments.values().filter(own).map(|department| department.id).collect()
}

fn require_free_email(tx: &mut Tx<'_>, own: Option<AgentId>, email: &str) -> Result<(), StoreError> {
    // The column compares without case, for ASCII; so does the unique index behind it.
    let holder: Option<AgentId> = agents::table.filter(agents::email.eq(email)).select(agents::id).first(tx.conn).optional()?;
    let Some(holder) = holder.filter(|holder| Some(*holder) != own) else { return Ok(()) };
    let archived = tx.directory.agents.get(&holder).is_some_and(|agent| agent.archived_at.is_some());
    Err(Invalid::field("email", if archived { "email_taken_archived" } else { "email_taken" }).into())
}

fn require_departments(tx: &Tx<'_>, data: &AgentData) -> Result<(), StoreError> {
    let known =
        |(id, _): &(DepartmentId, bool)| tx.directory.departments.get(id).is_some_and(|department| department.archived_at.is_none());
    if data.places.iter().all(known) { Ok(()) } else { Err(Invalid::field("member", "department_unknown").into()) }
}

fn require_other_admin(tx: &Tx<'_>, id: AgentId, field: &'static str) -> Result<(), StoreError> {
    let is_admin = |agent: &&crate::domain::agent::Agent| agent.role == Role::Admin && agent.archived_at.is_none();
    let others = tx.directory.agents.values().filter(is_admin).any(|agent| agent.id != id);
    if others { Ok(()) } else { Err(Invalid::field(field, "last_admin").into()) }
}

fn write_fields(tx: &mut Tx<'_>, id: AgentId, data: &AgentData) -> Result<(), StoreError> {
    diesel::update(agents::table.find(id))
        .set((
            agents::email.eq(&data.email),
            agents::name.eq(&data.name),
            agents::role.eq(data.role.as_str()),
            agents::chats_max.eq(data.chats_max),
            agents::external_id.eq(data.external_id.as_deref()),
        ))
        .execute(tx.conn)?;
    // Places in archived departments aren't on the page and stay.
    let in_use: Vec<DepartmentId> =
        tx.directory.departments.values().filter(|department| department.archived_at.is_none()).map(|department| department.id).collect();
    let shown =
        department_members::table.filter(department_members::agent_id.eq(id)).filter(department_members::department_id.eq_any(in_use));
    diesel::delete(shown).execute(tx.conn)?;
    for (department, supervisor) in &data.places {
        diesel::insert_into(department_members::table)
            .values((
                department_members::department_id.eq(*department),
                department_members::agent_id.eq(id),
                department_members::supervisor.eq(*supervisor),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

fn end_tokens(tx: &mut Tx<'_>, agent: AgentId) -> Result<(), StoreError> {
    let open = api_tokens::table.filter(api_tokens::created_by.eq(agent)).filter(api_tokens::revoked_at.is_null());
    diesel::update(open).set(api_tokens::revoked_at.eq(tx.now.wall)).execute(tx.conn)?;
    Ok(())
}

/// Ends the password links of an account that nobody has used.
///
/// # Errors
/// A fault of the database.
pub(super) fn end_links(tx: &mut Tx<'_>, agent: AgentId) -> Result<(), StoreError> {
    let open = password_links::table.filter(password_links::agent_id.eq(agent)).filter(password_links::used_at.is_null());
    diesel::update(open).set(password_links::used_at.eq(tx.now.wall)).execute(tx.conn)?;
    Ok(())
}

fn record(tx: &mut Tx<'_>, by: &Author, act: &'static str, id: AgentId, data: &AgentData) -> Result<(), StoreError> {
    audit::record(tx, by, Act { act, target_kind: "agent", target: id.0, detail: &[("role", data.role.as_str())] })
}
