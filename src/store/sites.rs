//! Sites: their widgets' look, form, consent text and where they may be shown.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::Store;
use super::audit::{self, Act, Author};
use super::error::{Invalid, StoreError};
use super::organisation::settle;
use super::schema::{consents, sites};
use super::writer::Tx;
use crate::domain::ids::SiteId;
use crate::domain::site::Site;
use crate::wire::stored;

impl Store {
    /// Adds a site. Its consent, if any, becomes version 1.
    ///
    /// # Errors
    /// `department_unknown`; faults.
    pub async fn create_site(&self, site: Site, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            require_department(tx, &site)?;
            diesel::insert_into(sites::table)
                .values((
                    sites::id.eq(site.id),
                    sites::key.eq(&site.key),
                    sites::created_at.eq(tx.now.wall),
                    sites::name.eq(&site.name),
                    sites::default_department_id.eq(site.default_department),
                    sites::locale.eq(&site.locale),
                    sites::color.eq(&site.color),
                ))
                .execute(tx.conn)?;
            write_fields(tx, &site)?;
            write_consent(tx, &site)?;
            audit::record(tx, &by, Act { act: "site.created", target_kind: "site", target: site.id.0, detail: &[("name", &site.name)] })?;
            settle(tx)
        })
        .await
    }

    /// Changes everything of a site but its key. A changed consent text becomes a new version; the old ones stay, since chats name them.
    ///
    /// # Errors
    /// `NotFound`, `department_unknown`; faults.
    pub async fn change_site(&self, site: Site, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            require_site(tx, site.id)?;
            require_department(tx, &site)?;
            write_fields(tx, &site)?;
            write_consent(tx, &site)?;
            audit::record(tx, &by, Act { act: "site.changed", target_kind: "site", target: site.id.0, detail: &[("name", &site.name)] })?;
            settle(tx)
        })
        .await
    }

    /// Archives a site: its widget disappears, its chats stay.
    ///
    /// # Errors
    /// `NotFound`; faults.
    pub async fn archive_site(&self, id: SiteId, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            require_site(tx, id)?;
            diesel::update(sites::table.find(id)).set(sites::archived_at.eq(tx.now.wall)).execute(tx.conn)?;
            audit::record(tx, &by, Act { act: "site.archived", target_kind: "site", target: id.0, detail: &[] })?;
            settle(tx)
        })
        .await
    }

    /// Takes a site out of the archive.
    ///
    /// # Errors
    /// `NotFound`, `department_unknown` where its default department is archived; faults.
    pub async fn restore_site(&self, id: SiteId, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            let site = tx.directory.sites.get(&id).cloned().ok_or(StoreError::NotFound)?;
            require_department(tx, &site)?;
            diesel::update(sites::table.find(id)).set(sites::archived_at.eq(None::<i64>)).execute(tx.conn)?;
            audit::record(tx, &by, Act { act: "site.restored", target_kind: "site", target: id.0, detail: &[] })?;
            settle(tx)
        })
        .await
    }
}

fn require_site(tx: &Tx<'_>, id: SiteId) -> Result<(), StoreError> {
    if tx.directory.sites.contains_key(&id) { Ok(()) } else { Err(StoreError::NotFound) }
}

fn require_department(tx: &Tx<'_>, site: &Site) -> Result<(), StoreError> {
    let department = tx.directory.departments.get(&site.default_department);
    if department.is_some_and(|department| department.archived_at.is_none()) {
        return Ok(());
    }
    Err(Invalid::field("default_department", "department_unknown").into())
}

/// Writes every field but id, key, consent and times.
///
/// # Errors
/// A fault of the database.
pub(super) fn write_fields(tx: &mut Tx<'_>, site: &Site) -> Result<(), StoreError> {
    diesel::update(sites::table.find(site.id))
        .set((
            sites::name.eq(&site.name),
            sites::default_department_id.eq(site.default_department),
            sites::allowed_domains.eq(stored::words_text(&site.allowed_domains)),
            sites::locale.eq(&site.locale),
            sites::color.eq(&site.color),
            sites::position.eq(&site.position),
            sites::theme.eq(&site.theme),
            sites::title.eq(&site.title),
            sites::greeting.eq(&site.greeting),
            sites::label.eq(&site.label),
        ))
        .execute(tx.conn)?;
    diesel::update(sites::table.find(site.id))
        .set((
            sites::field_name.eq(site.fields.name.as_str()),
            sites::field_email.eq(site.fields.email.as_str()),
            sites::field_phone.eq(site.fields.phone.as_str()),
            sites::field_message.eq(site.fields.message.as_str()),
            sites::field_department.eq(site.fields.department.as_str()),
            sites::privacy_url.eq(site.privacy_url.as_deref()),
            sites::marketing.eq(site.marketing),
            sites::location_mode.eq(site.location.as_str()),
            sites::location_recipients.eq(&site.location_recipients),
            sites::location_keep_days.eq(site.location_keep_days),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Puts the consent text in force, as a new version where it differs from the one in force.
///
/// # Errors
/// A fault of the database.
pub(super) fn write_consent(tx: &mut Tx<'_>, site: &Site) -> Result<(), StoreError> {
    let before = tx.directory.sites.get(&site.id).and_then(|known| known.consent.clone());
    let Some(text) = site.consent.as_ref().map(|consent| consent.text.as_str()) else {
        diesel::update(sites::table.find(site.id)).set(sites::consent_version.eq(None::<i32>)).execute(tx.conn)?;
        return Ok(());
    };
    if before.is_some_and(|before| before.text == text) {
        return Ok(());
    }
    let last: Option<i32> =
        consents::table.filter(consents::site_id.eq(site.id)).select(diesel::dsl::max(consents::version)).first(tx.conn)?;
    let version = last.unwrap_or(0).saturating_add(1);
    diesel::insert_into(consents::table)
        .values((
            consents::site_id.eq(site.id),
            consents::version.eq(version),
            consents::text.eq(text),
            consents::created_at.eq(tx.now.wall),
        ))
        .execute(tx.conn)?;
    diesel::update(sites::table.find(site.id)).set(sites::consent_version.eq(version)).execute(tx.conn)?;
    Ok(())
}
