//! The organisation, and the one moment at which it comes into being.

use diesel::{ExpressionMethods, RunQueryDsl};

use super::audit::{self, Act, Author};
use super::effect::Effect;
use super::error::{Invalid, StoreError};
use super::schema::{agents, department_members, departments, organisation, sites};
use super::writer::Tx;
use super::{Store, sites as widgets};
use crate::domain::agent::{CONNECTED_GRACE_SECONDS, Role};
use crate::domain::ids::{AgentId, DepartmentId, OrganisationId, SiteId};
use crate::domain::site::Site;
use crate::wire::stored;

/// What the first run asks for, already parsed.
#[derive(Clone, Debug)]
pub struct SetUp {
    pub organisation: String,
    /// IANA name.
    pub timezone: String,
    /// Language tag.
    pub locale: String,
    pub admin_name: String,
    pub admin_email: String,
    /// In PHC string form.
    pub password_hash: String,
    pub department: String,
    /// The first site; its default department is set here.
    pub site: Site,
    /// The last part of the inspector's address.
    pub inspector_key: String,
}

/// What the first run made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Founded {
    pub admin: AgentId,
    pub department: DepartmentId,
    pub site: SiteId,
}

/// The name, time zone and language of the organisation.
#[derive(Clone, Debug)]
pub struct OrganisationChange {
    pub name: String,
    pub timezone: String,
    pub locale: String,
}

impl Store {
    /// Makes the organisation, its admin, department and site, all or nothing; exactly one caller ever succeeds.
    ///
    /// # Errors
    /// `already_set_up`; faults.
    pub async fn claim_setup(&self, set_up: SetUp) -> Result<Founded, StoreError> {
        self.write_guarded(move |tx| found(tx, &set_up)).await
    }

    /// Changes the organisation.
    ///
    /// # Errors
    /// `NotFound` before the set-up; faults.
    pub async fn change_organisation(&self, change: OrganisationChange, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            let id = tx.directory.organisation.as_ref().ok_or(StoreError::NotFound)?.id;
            diesel::update(organisation::table)
                .set((
                    organisation::name.eq(&change.name),
                    organisation::timezone.eq(&change.timezone),
                    organisation::locale.eq(&change.locale),
                ))
                .execute(tx.conn)?;
            let detail = [("name", change.name.as_str()), ("timezone", &change.timezone), ("locale", &change.locale)];
            audit::record(tx, &by, Act { act: "organisation.changed", target_kind: "organisation", target: id.0, detail: &detail })?;
            settle(tx)
        })
        .await
    }
}

/// Publishes the directory after a change of its rows.
///
/// # Errors
/// A fault of the database.
pub(super) fn settle(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.reload_directory()?;
    tx.publish(Effect::Directory);
    Ok(())
}

fn found(tx: &mut Tx<'_>, set_up: &SetUp) -> Result<Founded, StoreError> {
    if tx.directory.organisation.is_some() {
        return Err(Invalid { code: "already_set_up", field: None, names: Vec::new() }.into());
    }
    let (organisation_id, admin, department) = (OrganisationId::new(), AgentId::new(), DepartmentId::new());
    let at = tx.now.wall;
    diesel::insert_into(organisation::table)
        .values((
            organisation::id.eq(organisation_id),
            organisation::name.eq(&set_up.organisation),
            organisation::timezone.eq(&set_up.timezone),
            organisation::locale.eq(&set_up.locale),
            organisation::inspector_key.eq(&set_up.inspector_key),
            organisation::created_at.eq(at),
        ))
        .execute(tx.conn)?;
    diesel::insert_into(agents::table)
        .values((
            agents::id.eq(admin),
            agents::email.eq(&set_up.admin_email),
            agents::name.eq(&set_up.admin_name),
            agents::role.eq(Role::Admin.as_str()),
            agents::password_hash.eq(&set_up.password_hash),
            agents::availability_at.eq(at),
            agents::absent_at.eq(at),
            agents::absent_steady.eq(tx.now.steady.plus_seconds(-CONNECTED_GRACE_SECONDS)),
            agents::created_at.eq(at),
        ))
        .execute(tx.conn)?;
    diesel::insert_into(departments::table)
        .values((departments::id.eq(department), departments::name.eq(&set_up.department), departments::created_at.eq(at)))
        .execute(tx.conn)?;
    diesel::insert_into(department_members::table)
        .values((department_members::department_id.eq(department), department_members::agent_id.eq(admin)))
        .execute(tx.conn)?;
    let mut site = set_up.site.clone();
    site.default_department = department;
    insert_site(tx, &site)?;
    let by = Author { agent: admin, address: None };
    audit::record(tx, &by, Act { act: "organisation.founded", target_kind: "organisation", target: organisation_id.0, detail: &[] })?;
    settle(tx)?;
    Ok(Founded { admin, department, site: site.id })
}

fn insert_site(tx: &mut Tx<'_>, site: &Site) -> Result<(), StoreError> {
    diesel::insert_into(sites::table)
        .values((
            sites::id.eq(site.id),
            sites::key.eq(&site.key),
            sites::created_at.eq(tx.now.wall),
            sites::name.eq(&site.name),
            sites::default_department_id.eq(site.default_department),
            sites::allowed_domains.eq(stored::words_text(&site.allowed_domains)),
            sites::locale.eq(&site.locale),
            sites::color.eq(&site.color),
        ))
        .execute(tx.conn)?;
    widgets::write_fields(tx, site)?;
    widgets::write_consent(tx, site)
}
