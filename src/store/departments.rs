//! Departments, their limits and their members.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl, SqliteConnection};

use super::Store;
use super::audit::{self, Act, Author};
use super::commands;
use super::error::{Invalid, StoreError};
use super::organisation::settle;
use super::prepared::IsOpen;
use super::schema::{chats, department_members, departments};
use super::writer::Tx;
use crate::domain::department::Department;
use crate::domain::directory::Directory;
use crate::domain::ids::{DepartmentId, SiteId};

/// What has to be moved before a department can be archived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blockers {
    /// Waiting and active chats.
    pub open_chats: i64,
    /// Sites in use that have it as their default.
    pub sites: Vec<SiteId>,
}

impl Blockers {
    /// Whether nothing stands in the way.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.open_chats == 0 && self.sites.is_empty()
    }
}

impl Store {
    /// Adds a department with its members.
    ///
    /// # Errors
    /// `name_taken`, `agent_unknown`; faults.
    pub async fn create_department(&self, department: Department, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            require_free_name(tx, &department)?;
            require_members(tx, &department)?;
            diesel::insert_into(departments::table)
                .values((
                    departments::id.eq(department.id),
                    departments::name.eq(&department.name),
                    departments::created_at.eq(tx.now.wall),
                ))
                .execute(tx.conn)?;
            write_fields(tx, &department)?;
            record(tx, &by, "department.created", &department)?;
            settle(tx)
        })
        .await
    }

    /// Changes a department and replaces its members.
    ///
    /// # Errors
    /// `NotFound`, `name_taken`, `agent_unknown`; faults.
    pub async fn change_department(&self, department: Department, by: Author) -> Result<(), StoreError> {
        self.write_guarded(move |tx| {
            if !tx.directory.departments.contains_key(&department.id) {
                return Err(StoreError::NotFound);
            }
            require_free_name(tx, &department)?;
            require_members(tx, &department)?;
            write_fields(tx, &department)?;
            record(tx, &by, "department.changed", &department)?;
            settle(tx)?;
            commands::department_changed(tx, department.id)
        })
        .await
    }

    /// Archives a department that has no open chats and is no site's default.
    ///
    /// # Errors
    /// `NotFound`, `department_in_use` with the names of what is in the way; faults.
    pub async fn archive_department(&self, id: DepartmentId, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            let department = tx.directory.departments.get(&id).cloned().ok_or(StoreError::NotFound)?;
            let blockers = blockers_of(tx.conn, &tx.directory, id)?;
            if !blockers.is_empty() {
                let names = blockers.sites.iter().filter_map(|site| tx.directory.sites.get(site)).map(|site| site.name.clone());
                return Err(Invalid { code: "department_in_use", field: None, names: names.collect() }.into());
            }
            diesel::update(departments::table.find(id)).set(departments::archived_at.eq(tx.now.wall)).execute(tx.conn)?;
            record(tx, &by, "department.archived", &department)?;
            settle(tx)
        })
        .await
    }

    /// Takes a department out of the archive.
    ///
    /// # Errors
    /// `NotFound`, `name_taken`; faults.
    pub async fn restore_department(&self, id: DepartmentId, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            let department = tx.directory.departments.get(&id).cloned().ok_or(StoreError::NotFound)?;
            require_free_name(tx, &department)?;
            diesel::update(departments::table.find(id)).set(departments::archived_at.eq(None::<i64>)).execute(tx.conn)?;
            record(tx, &by, "department.restored", &department)?;
            settle(tx)
        })
        .await
    }

    /// What stands in the way of archiving a department.
    ///
    /// # Errors
    /// Faults.
    pub async fn department_blockers(&self, id: DepartmentId) -> Result<Blockers, StoreError> {
        let directory = self.directory();
        self.read(move |conn| blockers_of(conn, &directory, id)).await
    }
}

fn blockers_of(conn: &mut SqliteConnection, directory: &Directory, id: DepartmentId) -> Result<Blockers, StoreError> {
    let open_chats: i64 = chats::table.filter(chats::department_id.eq(id)).filter(IsOpen::new(chats::state)).count().get_result(conn)?;
    let in_use = directory.sites.values().filter(|site| site.archived_at.is_none() && site.default_department == id);
    let mut sites: Vec<_> = in_use.collect();
    sites.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Blockers { open_chats, sites: sites.into_iter().map(|site| site.id).collect() })
}

fn require_free_name(tx: &Tx<'_>, department: &Department) -> Result<(), StoreError> {
    let name = department.name.to_lowercase();
    let taken = tx
        .directory
        .departments
        .values()
        .any(|other| other.id != department.id && other.archived_at.is_none() && other.name.to_lowercase() == name);
    if taken { Err(Invalid::field("name", "name_taken").into()) } else { Ok(()) }
}

fn require_members(tx: &Tx<'_>, department: &Department) -> Result<(), StoreError> {
    let known = |member: &crate::domain::department::Member| {
        tx.directory.agents.get(&member.agent).is_some_and(|agent| agent.archived_at.is_none())
    };
    if department.members.iter().all(known) { Ok(()) } else { Err(Invalid::field("member", "agent_unknown").into()) }
}

fn write_fields(tx: &mut Tx<'_>, department: &Department) -> Result<(), StoreError> {
    diesel::update(departments::table.find(department.id))
        .set((
            departments::name.eq(&department.name),
            departments::external_id.eq(department.external_id.as_deref()),
            departments::routing.eq(department.routing.as_str()),
            departments::grace_seconds.eq(department.limits.grace_seconds),
            departments::wait_goal_seconds.eq(department.limits.wait_goal_seconds),
            departments::wait_limit_seconds.eq(department.limits.wait_limit_seconds),
            departments::inactivity_seconds.eq(department.limits.inactivity_seconds),
            departments::agent_lost_seconds.eq(department.limits.agent_lost_seconds),
            departments::offer_seconds.eq(department.limits.offer_seconds),
            departments::tags_required.eq(department.tags_required),
        ))
        .execute(tx.conn)?;
    diesel::delete(department_members::table.filter(department_members::department_id.eq(department.id))).execute(tx.conn)?;
    for member in &department.members {
        diesel::insert_into(department_members::table)
            .values((
                department_members::department_id.eq(department.id),
                department_members::agent_id.eq(member.agent),
                department_members::supervisor.eq(member.supervisor),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

fn record(tx: &mut Tx<'_>, by: &Author, act: &'static str, department: &Department) -> Result<(), StoreError> {
    audit::record(tx, by, Act { act, target_kind: "department", target: department.id.0, detail: &[("name", &department.name)] })
}
