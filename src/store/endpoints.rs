//! Webhook endpoints: what admins decide about them, and their sealed secrets and headers.

use std::collections::{BTreeSet, HashMap};

use diesel::sqlite::Sqlite;
use diesel::{ExpressionMethods, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper, SqliteConnection};

use super::Store;
use super::deliveries;
use super::effect::Effect;
use super::error::{Invalid, StoreError};
use super::prepared::{first, update_where};
use super::schema::endpoints;
use super::writer::Tx;
use crate::auth::vault::Vault;
use crate::domain::delivery::DeliveryState;
use crate::domain::endpoint::headers::CustomHeader;
use crate::domain::endpoint::health::{DisabledReason, Health};
use crate::domain::endpoint::secret::{ROTATION_SECONDS, SECRETS_AT_ONCE_MAX, Secret, Signing};
use crate::domain::endpoint::url::WebhookUrl;
use crate::domain::endpoint::{Endpoint, EndpointDraft, Extras};
use crate::domain::event_type::EventType;
use crate::domain::ids::EndpointId;
use crate::domain::time::Timestamp;
use crate::wire::stored_endpoint as stored;
use crate::wire::stored_enrichment::{fields_from, fields_text};

/// What an endpoint's requests are made with, opened.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Its own headers.
    pub headers: Vec<CustomHeader>,
    /// Its secrets, newest first; some may have expired.
    pub secrets: Vec<Secret>,
}

impl Store {
    /// Every endpoint, archived ones too, by name.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        let mut all: Vec<Endpoint> = self.read(load).await?.into_values().collect();
        all.sort_by(|a, b| a.draft.name.cmp(&b.draft.name).then(a.id.cmp(&b.id)));
        Ok(all)
    }

    /// One endpoint with its present health.
    ///
    /// # Errors
    /// `NotFound`, or a fault of the database.
    pub async fn endpoint(&self, id: EndpointId) -> Result<Endpoint, StoreError> {
        self.read(move |conn| load(conn)?.remove(&id).ok_or(StoreError::NotFound)).await
    }

    /// The secrets and headers of every endpoint that is in use.
    ///
    /// # Errors
    /// A sealed value that this key doesn't open, or a fault of the database.
    pub async fn endpoint_keys(&self, vault: &Vault) -> Result<HashMap<EndpointId, Keys>, StoreError> {
        let vault = vault.clone();
        self.read(move |conn| {
            let rows: Vec<(EndpointId, Vec<u8>, Vec<u8>)> = endpoints::table
                .filter(endpoints::archived_at.is_null())
                .select((endpoints::id, endpoints::secrets, endpoints::headers))
                .load(conn)?;
            rows.into_iter().map(|(id, secrets, headers)| Ok((id, open(&vault, id, &secrets, &headers)?))).collect()
        })
        .await
    }

    /// Adds an endpoint.
    ///
    /// # Errors
    /// `Invalid` for an empty name, or a fault of the database.
    pub async fn create_endpoint(
        &self,
        vault: &Vault,
        draft: EndpointDraft,
        headers: &[CustomHeader],
        secret: Secret,
    ) -> Result<Endpoint, StoreError> {
        check(&draft)?;
        let id = EndpointId::new();
        let secrets = seal_secrets(vault, id, &[secret]);
        let headers = seal_headers(vault, id, headers);
        self.write(move |tx| {
            insert(tx, id, &draft, &secrets, &headers, &BTreeSet::new())?;
            changed(tx)?;
            tx.directory.endpoints.get(&id).cloned().ok_or(StoreError::NotFound)
        })
        .await
    }

    /// Changes an endpoint; `headers` replaces its own headers, `None` leaves them. Enabling it forgives its failures; what was held stays held until recovered.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, or a fault of the database.
    pub async fn update_endpoint(
        &self,
        vault: &Vault,
        id: EndpointId,
        draft: EndpointDraft,
        headers: Option<&[CustomHeader]>,
    ) -> Result<Endpoint, StoreError> {
        check(&draft)?;
        let headers = headers.map(|headers| seal_headers(vault, id, headers));
        self.write_guarded(move |tx| {
            let before = in_use(tx, id)?;
            update(tx.conn, id, &draft)?;
            if let Some(headers) = &headers {
                diesel::update(endpoints::table.find(id)).set(endpoints::headers.eq(headers)).execute(tx.conn)?;
            }
            if draft.enabled && (!before.draft.enabled || before.health.disabled.is_some()) {
                write_health(tx.conn, id, &before.health.mended())?;
            } else if !draft.enabled && before.draft.enabled {
                deliveries::hold(tx.conn, id)?;
            }
            changed(tx)?;
            tx.directory.endpoints.get(&id).cloned().ok_or(StoreError::NotFound)
        })
        .await
    }

    /// Takes an endpoint out of use for good: its open deliveries end as `endpoint_removed`.
    ///
    /// # Errors
    /// `NotFound`, or a fault of the database.
    pub async fn archive_endpoint(&self, id: EndpointId) -> Result<(), StoreError> {
        self.write_guarded(move |tx| {
            in_use(tx, id)?;
            diesel::update(endpoints::table.find(id)).set(endpoints::archived_at.eq(Some(tx.now.wall))).execute(tx.conn)?;
            deliveries::end_open(tx.conn, id, DeliveryState::EndpointRemoved, tx.now.wall)?;
            changed(tx)
        })
        .await
    }

    /// Signs with a new secret from now on; the one before signs beside it for a day.
    ///
    /// # Errors
    /// `NotFound`, a sealed value that this key doesn't open, or a fault of the database.
    pub async fn rotate_secret(&self, vault: &Vault, id: EndpointId, new: Secret) -> Result<(), StoreError> {
        let vault = vault.clone();
        self.write_guarded(move |tx| {
            in_use(tx, id)?;
            let sealed: Vec<u8> = endpoints::table.find(id).select(endpoints::secrets).first(tx.conn)?;
            let now = tx.now.wall;
            let expiry = now.plus_seconds(ROTATION_SECONDS);
            let old = open_secrets(&vault, id, &sealed)?.into_iter().filter(|secret| secret.expires_at.is_none_or(|at| at > now));
            let old = old.map(|secret| Secret { expires_at: secret.expires_at.or(Some(expiry)), ..secret });
            let secrets: Vec<Secret> = std::iter::once(new.clone()).chain(old).take(SECRETS_AT_ONCE_MAX).collect();
            diesel::update(endpoints::table.find(id))
                .set((endpoints::secrets.eq(seal_secrets(&vault, id, &secrets)), endpoints::signature.eq(new.signing.as_str())))
                .execute(tx.conn)?;
            changed(tx)
        })
        .await
    }
}

/// Every endpoint.
///
/// # Errors
/// Stored values that this version can't read, or a fault of the database.
pub fn load(conn: &mut SqliteConnection) -> Result<HashMap<EndpointId, Endpoint>, StoreError> {
    let rows: Vec<EndpointRow> = endpoints::table.select(EndpointRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| Ok((row.id, endpoint_from(row)?))).collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = endpoints, check_for_backend(Sqlite))]
struct EndpointRow {
    id: EndpointId,
    name: String,
    url: String,
    signature: String,
    enabled: bool,
    created_at: Timestamp,
    events: String,
    quick_events: String,
    sites: Option<String>,
    departments: Option<String>,
    conditions: String,
    enrich: String,
    strict_order: bool,
    with_transcript: bool,
    with_address: bool,
    with_note: bool,
    insecure_accepted: bool,
    rate_per_second: Option<i32>,
    #[diesel(embed)]
    health: HealthRow,
    archived_at: Option<Timestamp>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = endpoints, check_for_backend(Sqlite))]
struct HealthRow {
    disabled_reason: Option<String>,
    disabled_at: Option<Timestamp>,
    last_success_at: Option<Timestamp>,
    first_failure_at: Option<Timestamp>,
    last_failure_at: Option<Timestamp>,
    failures: i64,
}

fn endpoint_from(row: EndpointRow) -> Result<Endpoint, StoreError> {
    Ok(Endpoint {
        id: row.id,
        draft: EndpointDraft {
            name: row.name,
            url: WebhookUrl::parse(&row.url).map_err(|error| StoreError::corrupt(&error.to_string()))?,
            plain_http_accepted: row.insecure_accepted,
            filter: stored::filter_from(&row.events, row.sites.as_deref(), row.departments.as_deref(), &row.conditions)?,
            extras: Extras { address: row.with_address, transcript: row.with_transcript, note: row.with_note },
            enrich: fields_from(&row.enrich)?,
            signing: Signing::from_code(&row.signature).ok_or_else(|| StoreError::corrupt(&row.signature))?,
            strict_order: row.strict_order,
            rate_per_second: row.rate_per_second.and_then(|rate| u32::try_from(rate).ok()),
            enabled: row.enabled,
        },
        quick: stored::events_from(&row.quick_events)?,
        health: health_from(row.health),
        created_at: row.created_at,
        archived_at: row.archived_at,
    })
}

fn health_from(row: HealthRow) -> Health {
    Health {
        last_success_at: row.last_success_at,
        first_failure_at: row.first_failure_at,
        last_failure_at: row.last_failure_at,
        failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
        disabled: row.disabled_at.zip(row.disabled_reason.as_deref().and_then(DisabledReason::from_code)),
    }
}

fn check(draft: &EndpointDraft) -> Result<(), Invalid> {
    if draft.name.trim().is_empty() {
        return Err(Invalid::field("name", "required"));
    }
    Ok(())
}

fn in_use(tx: &Tx<'_>, id: EndpointId) -> Result<Endpoint, StoreError> {
    tx.directory.endpoints.get(&id).filter(|endpoint| endpoint.archived_at.is_none()).cloned().ok_or(StoreError::NotFound)
}

pub(super) fn changed(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let endpoints = load(tx.conn)?;
    tx.change_directory(|directory| directory.endpoints = std::sync::Arc::new(endpoints));
    tx.publish(Effect::Directory);
    tx.publish(Effect::Outbox);
    Ok(())
}

pub(super) fn insert(
    tx: &mut Tx<'_>,
    id: EndpointId,
    draft: &EndpointDraft,
    secrets: &[u8],
    headers: &[u8],
    quick: &BTreeSet<EventType>,
) -> Result<(), StoreError> {
    diesel::insert_into(endpoints::table)
        .values((
            endpoints::id.eq(id),
            endpoints::name.eq(&draft.name),
            endpoints::url.eq(draft.url.as_str()),
            endpoints::secrets.eq(secrets),
            endpoints::headers.eq(headers),
            endpoints::events.eq("[]"),
            endpoints::quick_events.eq(stored::events_text(quick)),
            endpoints::created_at.eq(tx.now.wall),
        ))
        .execute(tx.conn)?;
    update(tx.conn, id, draft)
}

fn update(conn: &mut SqliteConnection, id: EndpointId, draft: &EndpointDraft) -> Result<(), StoreError> {
    let (sites, departments, conditions) = stored::filter_texts(&draft.filter);
    diesel::update(endpoints::table.find(id))
        .set((
            endpoints::name.eq(draft.name.trim()),
            endpoints::url.eq(draft.url.as_str()),
            endpoints::signature.eq(draft.signing.as_str()),
            endpoints::events.eq(stored::events_text(&draft.filter.events)),
            endpoints::sites.eq(sites),
            endpoints::departments.eq(departments),
            endpoints::conditions.eq(conditions),
            endpoints::enrich.eq(fields_text(&draft.enrich)),
            endpoints::strict_order.eq(draft.strict_order),
            endpoints::with_transcript.eq(draft.extras.transcript),
            endpoints::with_address.eq(draft.extras.address),
            endpoints::with_note.eq(draft.extras.note),
            endpoints::insecure_accepted.eq(draft.plain_http_accepted),
            endpoints::rate_per_second.eq(draft.rate_per_second.and_then(|rate| i32::try_from(rate).ok())),
            endpoints::enabled.eq(draft.enabled),
        ))
        .execute(conn)?;
    Ok(())
}

/// The present health, as the writer sees it.
pub(super) fn health(conn: &mut SqliteConnection, id: EndpointId) -> Result<Option<Health>, StoreError> {
    Ok(first(endpoints::table.find(id).select(HealthRow::as_select()), conn)?.map(health_from))
}

pub(super) fn write_health(conn: &mut SqliteConnection, id: EndpointId, health: &Health) -> Result<(), StoreError> {
    let changes = (
        endpoints::disabled_reason.eq(health.disabled.map(|(_, reason)| reason.as_str())),
        endpoints::disabled_at.eq(health.disabled.map(|(at, _)| at)),
        endpoints::last_success_at.eq(health.last_success_at),
        endpoints::first_failure_at.eq(health.first_failure_at),
        endpoints::last_failure_at.eq(health.last_failure_at),
        endpoints::failures.eq(i64::from(health.failures)),
    );
    update_where("endpoints", changes, endpoints::id.eq(id)).execute(conn)?;
    Ok(())
}

/// Publishes that an endpoint was disabled by what it answered.
pub(super) fn disabled(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    changed(tx)
}

fn sealed_for(id: EndpointId, what: &[u8]) -> Vec<u8> {
    [id.0.as_bytes().as_slice(), what].concat()
}

pub(super) fn seal_secrets(vault: &Vault, id: EndpointId, secrets: &[Secret]) -> Vec<u8> {
    vault.seal(&sealed_for(id, b"secrets"), &stored::secrets_bytes(secrets))
}

pub(super) fn seal_headers(vault: &Vault, id: EndpointId, headers: &[CustomHeader]) -> Vec<u8> {
    vault.seal(&sealed_for(id, b"headers"), &stored::headers_bytes(headers))
}

fn open_secrets(vault: &Vault, id: EndpointId, sealed: &[u8]) -> Result<Vec<Secret>, StoreError> {
    let bytes = vault.open(&sealed_for(id, b"secrets"), sealed).map_err(|error| StoreError::corrupt(&error.to_string()))?;
    Ok(stored::secrets_from(&bytes)?)
}

fn open(vault: &Vault, id: EndpointId, secrets: &[u8], headers: &[u8]) -> Result<Keys, StoreError> {
    let bytes = vault.open(&sealed_for(id, b"headers"), headers).map_err(|error| StoreError::corrupt(&error.to_string()))?;
    let headers = stored::headers_from(&bytes)?;
    Ok(Keys { headers, secrets: open_secrets(vault, id, secrets)? })
}
