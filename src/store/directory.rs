//! The settings, read whole.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};

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

type AgentRow = (
    (AgentId, String, String, String, Option<String>, Option<String>, String, i32),
    (String, Option<String>, Timestamp, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>),
);

fn agents_of(conn: &mut SqliteConnection) -> Result<HashMap<AgentId, Agent>, StoreError> {
    let rows: Vec<AgentRow> = agents::table
        .select((
            (agents::id, agents::email, agents::name, agents::role, agents::external_id, agents::locale, agents::theme, agents::chats_max),
            (
                agents::availability,
                agents::pause_reason,
                agents::availability_at,
                agents::absent_at,
                agents::absent_steady,
                agents::archived_at,
            ),
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|row| {
            let (id, email, name, role, external_id, locale, theme, chats_max) = row.0;
            let (availability, pause_reason, availability_at, absent_at, absent_steady, archived_at) = row.1;
            let agent = Agent {
                id,
                email,
                name,
                role: Role::parse(&role).ok_or_else(|| StoreError::corrupt(&role))?,
                external_id,
                locale,
                theme,
                chats_max,
                availability: Availability::parse(&availability).ok_or_else(|| StoreError::corrupt(&availability))?,
                pause_reason,
                availability_at,
                absent_since: absent_at.zip(absent_steady).map(|(wall, steady)| Moment { wall, steady }),
                archived_at,
            };
            Ok((id, agent))
        })
        .collect()
}

type DepartmentRow = ((DepartmentId, String, Option<String>, String, bool, Option<Timestamp>), (i64, i64, Option<i64>, i64, i64, i64));

fn departments_of(conn: &mut SqliteConnection) -> Result<HashMap<DepartmentId, Department>, StoreError> {
    let mut members: HashMap<DepartmentId, Vec<Member>> = HashMap::new();
    let places: Vec<(DepartmentId, AgentId, bool)> = department_members::table.load(conn)?;
    for (department, agent, supervisor) in places {
        members.entry(department).or_default().push(Member { agent, supervisor });
    }
    let rows: Vec<DepartmentRow> = departments::table
        .select((
            (
                departments::id,
                departments::name,
                departments::external_id,
                departments::routing,
                departments::tags_required,
                departments::archived_at,
            ),
            (
                departments::grace_seconds,
                departments::wait_goal_seconds,
                departments::wait_limit_seconds,
                departments::inactivity_seconds,
                departments::agent_lost_seconds,
                departments::offer_seconds,
            ),
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|row| {
            let (id, name, external_id, routing, tags_required, archived_at) = row.0;
            let (grace_seconds, wait_goal_seconds, wait_limit_seconds, inactivity_seconds, agent_lost_seconds, offer_seconds) = row.1;
            let department = Department {
                id,
                name,
                external_id,
                routing: Routing::parse(&routing).ok_or_else(|| StoreError::corrupt(&routing))?,
                limits: Limits {
                    grace_seconds,
                    wait_goal_seconds,
                    wait_limit_seconds,
                    inactivity_seconds,
                    agent_lost_seconds,
                    offer_seconds,
                },
                tags_required,
                members: members.remove(&id).unwrap_or_default(),
                archived_at,
            };
            Ok((id, department))
        })
        .collect()
}

type SiteRow = (
    (SiteId, String, String, DepartmentId, String, String, String, String, String, String, String, String),
    (String, String, String, String, String, Option<i32>, Option<String>, bool, String, String, i32, Option<Timestamp>),
);

fn sites_of(conn: &mut SqliteConnection) -> Result<HashMap<SiteId, Site>, StoreError> {
    let texts: Vec<(SiteId, i32, String)> = consents::table.select((consents::site_id, consents::version, consents::text)).load(conn)?;
    let texts: HashMap<(SiteId, i32), String> = texts.into_iter().map(|(site, version, text)| ((site, version), text)).collect();
    let rows: Vec<SiteRow> = sites::table
        .select((
            (
                sites::id,
                sites::key,
                sites::name,
                sites::default_department_id,
                sites::allowed_domains,
                sites::locale,
                sites::color,
                sites::position,
                sites::theme,
                sites::title,
                sites::greeting,
                sites::label,
            ),
            (
                sites::field_name,
                sites::field_email,
                sites::field_phone,
                sites::field_message,
                sites::field_department,
                sites::consent_version,
                sites::privacy_url,
                sites::marketing,
                sites::location_mode,
                sites::location_recipients,
                sites::location_keep_days,
                sites::archived_at,
            ),
        ))
        .load(conn)?;
    rows.into_iter().map(|row| site(row, &texts)).collect()
}

fn site(row: SiteRow, texts: &HashMap<(SiteId, i32), String>) -> Result<(SiteId, Site), StoreError> {
    let (id, key, name, default_department, allowed_domains, locale, color, position, theme, title, greeting, label) = row.0;
    let (
        name_field,
        email_field,
        phone_field,
        message_field,
        department_field,
        consent_version,
        privacy_url,
        marketing,
        mode,
        recipients,
        days,
        archived_at,
    ) = row.1;
    let field = |word: &str| Field::parse(word).ok_or_else(|| StoreError::corrupt(word));
    let site = Site {
        id,
        key,
        name,
        default_department,
        allowed_domains: stored::words_from(&allowed_domains).map_err(|error| StoreError::corrupt(&error.to_string()))?,
        locale,
        color,
        position,
        theme,
        title,
        greeting,
        label,
        fields: Fields {
            name: field(&name_field)?,
            email: field(&email_field)?,
            phone: field(&phone_field)?,
            message: field(&message_field)?,
            department: field(&department_field)?,
        },
        consent: consent_version.and_then(|version| texts.get(&(id, version)).map(|text| Consent { version, text: text.clone() })),
        privacy_url,
        marketing,
        location: LocationMode::parse(&mode).ok_or_else(|| StoreError::corrupt(&mode))?,
        location_recipients: recipients,
        location_keep_days: days,
        archived_at,
    };
    Ok((id, site))
}

fn tags_of(conn: &mut SqliteConnection) -> Result<HashMap<TagId, Tag>, StoreError> {
    let rows: Vec<(TagId, String, Option<Timestamp>)> =
        tags::table.select((tags::id, tags::name, tags::archived_at)).order(tags::id.asc()).load(conn)?;
    Ok(rows.into_iter().map(|(id, name, archived_at)| (id, Tag { id, name, archived_at })).collect())
}
