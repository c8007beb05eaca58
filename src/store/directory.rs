//! The settings, read whole.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::sqlite::Sqlite;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper, SqliteConnection};

use super::error::StoreError;
use super::schema::{agents, consents, department_members, departments, organisation, sites, tags};
use crate::domain::agent::{Agent, Availability, Role};
use crate::domain::department::{Department, Limits, Member, Routing};
use crate::domain::directory::Directory;
use crate::domain::ids::{AgentId, DepartmentId, OrganisationId, SiteId, TagId};
use crate::domain::organisation::Organisation;
use crate::domain::retention::Retention;
use crate::domain::site::{Consent, Field, Fields, LocationMode, Site};
use crate::domain::tag::Tag;
use crate::domain::time::{Moment, Timestamp};
use crate::wire::stored;

/// Reads the whole directory.
///
/// # Errors
/// A fault of the database, or stored words that this version doesn't know.
pub fn load(conn: &mut SqliteConnection) -> Result<Directory, StoreError> {
    Ok(Directory {
        organisation: organisation_of(conn)?,
        agents: agents_of(conn)?,
        departments: departments_of(conn)?,
        sites: sites_of(conn)?,
        tags: tags_of(conn)?,
        endpoints: Arc::new(super::endpoints::load(conn)?),
    })
}

type OrganisationRow = (OrganisationId, String, String, String, String, Timestamp, i32, i32);

fn organisation_of(conn: &mut SqliteConnection) -> Result<Option<Organisation>, StoreError> {
    let row: Option<OrganisationRow> = organisation::table.first(conn).optional()?;
    Ok(row.map(|(id, name, timezone, locale, inspector_key, created_at, body_days, attempt_days)| Organisation {
        id,
        name,
        timezone,
        locale,
        inspector_key,
        created_at,
        retention: Retention { body_days: body_days.into(), attempt_days: attempt_days.into() },
    }))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = agents, check_for_backend(Sqlite))]
struct AgentRow {
    id: AgentId,
    email: String,
    name: String,
    role: String,
    external_id: Option<String>,
    locale: Option<String>,
    theme: String,
    chats_max: i32,
    availability: String,
    pause_reason: Option<String>,
    availability_at: Timestamp,
    absent_at: Option<Timestamp>,
    absent_steady: Option<Timestamp>,
    archived_at: Option<Timestamp>,
}

fn agents_of(conn: &mut SqliteConnection) -> Result<HashMap<AgentId, Agent>, StoreError> {
    let rows: Vec<AgentRow> = agents::table.select(AgentRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| Ok((row.id, agent(row)?))).collect()
}

fn agent(row: AgentRow) -> Result<Agent, StoreError> {
    Ok(Agent {
        id: row.id,
        email: row.email,
        name: row.name,
        role: Role::parse(&row.role).ok_or_else(|| StoreError::corrupt(&row.role))?,
        external_id: row.external_id,
        locale: row.locale,
        theme: row.theme,
        chats_max: row.chats_max,
        availability: Availability::parse(&row.availability).ok_or_else(|| StoreError::corrupt(&row.availability))?,
        pause_reason: row.pause_reason,
        availability_at: row.availability_at,
        absent_since: row.absent_at.zip(row.absent_steady).map(|(wall, steady)| Moment { wall, steady }),
        archived_at: row.archived_at,
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = departments, check_for_backend(Sqlite))]
struct DepartmentRow {
    id: DepartmentId,
    name: String,
    external_id: Option<String>,
    routing: String,
    grace_seconds: i64,
    wait_goal_seconds: i64,
    wait_limit_seconds: Option<i64>,
    inactivity_seconds: i64,
    agent_lost_seconds: i64,
    offer_seconds: i64,
    tags_required: bool,
    archived_at: Option<Timestamp>,
}

fn departments_of(conn: &mut SqliteConnection) -> Result<HashMap<DepartmentId, Department>, StoreError> {
    let mut members: HashMap<DepartmentId, Vec<Member>> = HashMap::new();
    let places: Vec<(DepartmentId, AgentId, bool)> = department_members::table.load(conn)?;
    for (department, agent, supervisor) in places {
        members.entry(department).or_default().push(Member { agent, supervisor });
    }
    let rows: Vec<DepartmentRow> = departments::table.select(DepartmentRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| Ok((row.id, department(row, &mut members)?))).collect()
}

fn department(row: DepartmentRow, members: &mut HashMap<DepartmentId, Vec<Member>>) -> Result<Department, StoreError> {
    Ok(Department {
        id: row.id,
        name: row.name,
        external_id: row.external_id,
        routing: Routing::parse(&row.routing).ok_or_else(|| StoreError::corrupt(&row.routing))?,
        limits: Limits {
            grace_seconds: row.grace_seconds,
            wait_goal_seconds: row.wait_goal_seconds,
            wait_limit_seconds: row.wait_limit_seconds,
            inactivity_seconds: row.inactivity_seconds,
            agent_lost_seconds: row.agent_lost_seconds,
            offer_seconds: row.offer_seconds,
        },
        tags_required: row.tags_required,
        members: members.remove(&row.id).unwrap_or_default(),
        archived_at: row.archived_at,
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sites, check_for_backend(Sqlite))]
struct SiteRow {
    id: SiteId,
    key: String,
    name: String,
    default_department_id: DepartmentId,
    allowed_domains: String,
    locale: String,
    color: String,
    position: String,
    theme: String,
    title: String,
    greeting: String,
    label: String,
    field_name: String,
    field_email: String,
    field_phone: String,
    field_message: String,
    field_department: String,
    consent_version: Option<i32>,
    privacy_url: Option<String>,
    marketing: bool,
    location_mode: String,
    location_recipients: String,
    location_keep_days: i32,
    archived_at: Option<Timestamp>,
}

fn sites_of(conn: &mut SqliteConnection) -> Result<HashMap<SiteId, Site>, StoreError> {
    let texts: Vec<(SiteId, i32, String)> = consents::table.select((consents::site_id, consents::version, consents::text)).load(conn)?;
    let texts: HashMap<(SiteId, i32), String> = texts.into_iter().map(|(site, version, text)| ((site, version), text)).collect();
    let rows: Vec<SiteRow> = sites::table.select(SiteRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| Ok((row.id, site(row, &texts)?))).collect()
}

fn site(row: SiteRow, texts: &HashMap<(SiteId, i32), String>) -> Result<Site, StoreError> {
    let field = |word: &str| Field::parse(word).ok_or_else(|| StoreError::corrupt(word));
    let text = |version: i32| texts.get(&(row.id, version)).map(|text| Consent { version, text: text.clone() });
    Ok(Site {
        id: row.id,
        key: row.key,
        name: row.name,
        default_department: row.default_department_id,
        allowed_domains: stored::words_from(&row.allowed_domains)?,
        locale: row.locale,
        color: row.color,
        position: row.position,
        theme: row.theme,
        title: row.title,
        greeting: row.greeting,
        label: row.label,
        fields: Fields {
            name: field(&row.field_name)?,
            email: field(&row.field_email)?,
            phone: field(&row.field_phone)?,
            message: field(&row.field_message)?,
            department: field(&row.field_department)?,
        },
        consent: row.consent_version.and_then(text),
        privacy_url: row.privacy_url,
        marketing: row.marketing,
        location: LocationMode::parse(&row.location_mode).ok_or_else(|| StoreError::corrupt(&row.location_mode))?,
        location_recipients: row.location_recipients,
        location_keep_days: row.location_keep_days,
        archived_at: row.archived_at,
    })
}

fn tags_of(conn: &mut SqliteConnection) -> Result<HashMap<TagId, Tag>, StoreError> {
    let rows: Vec<(TagId, String, Option<Timestamp>)> =
        tags::table.select((tags::id, tags::name, tags::archived_at)).order(tags::id.asc()).load(conn)?;
    Ok(rows.into_iter().map(|(id, name, archived_at)| (id, Tag { id, name, archived_at })).collect())
}
