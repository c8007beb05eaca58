//! Rows of visitors.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper, SqliteConnection};

use super::error::StoreError;
use super::schema::visitors;
use super::{Store, Tx, prepared};
use crate::domain::enrichment::decide::Filling;
use crate::domain::ids::{EndpointId, SiteId, VisitorId};
use crate::domain::intake::Intake;
use crate::domain::time::Timestamp;
use crate::domain::visitor::{Device, Filled, Visitor};
use crate::wire::stored;
use crate::wire::stored_enrichment;

/// Days after the last use at which a visitor's token ends.
pub const TOKEN_DAYS_MAX: i64 = 90;

/// What a visitor's browser and form said.
pub(super) struct Contact<'a> {
    pub site: SiteId,
    pub token_hash: &'a [u8; 32],
    pub intake: &'a Intake,
    pub locale: &'a str,
    pub timezone: Option<&'a str>,
    pub device: &'a Device,
    pub user_agent: Option<&'a str>,
    pub address: Option<&'a str>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = visitors)]
struct VisitorRow {
    id: VisitorId,
    site_id: SiteId,
    external_id: Option<String>,
    verified: String,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    phone_raw: Option<String>,
    locale: Option<String>,
    timezone: Option<String>,
    device_type: Option<String>,
    device_os: Option<String>,
    device_browser: Option<String>,
    user_agent: Option<String>,
    address: Option<String>,
    custom: String,
    cards: String,
    first_seen_at: Timestamp,
    chats_count: i32,
    filled: String,
}

impl VisitorRow {
    fn into_visitor(self) -> Result<Visitor, StoreError> {
        Ok(Visitor {
            id: self.id,
            site: self.site_id,
            external_id: self.external_id,
            verified: stored::words_from(&self.verified)?,
            name: self.name,
            email: self.email,
            phone: self.phone,
            phone_raw: self.phone_raw,
            locale: self.locale,
            timezone: self.timezone,
            device: Device { kind: self.device_type, os: self.device_os, browser: self.device_browser },
            custom: self.custom,
            filled: stored_enrichment::filled_from(&self.filled)?,
            cards: stored_enrichment::cards_from(&self.cards)?,
            user_agent: self.user_agent,
            address: self.address,
            first_seen_at: self.first_seen_at,
            chats_count: self.chats_count,
        })
    }
}

impl Store {
    /// The visitor whose token this is, unless it ended; using it prolongs it.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn visitor_by_token(&self, site: SiteId, token_hash: [u8; 32]) -> Result<Option<Visitor>, StoreError> {
        let now = self.clock().now().wall;
        let found = self.read(move |conn| by_token_used(conn, site, &token_hash)).await?;
        let Some((visitor, used_at)) = found.filter(|(_, used_at)| now.seconds_since(*used_at) < TOKEN_DAYS_MAX * 24 * 3600) else {
            return Ok(None);
        };
        // Once a day is enough to keep it alive, and spares a write at each connection.
        if now.seconds_since(used_at) >= 24 * 3600 {
            let id = visitor.id;
            self.write_if_possible(move |tx| {
                diesel::update(visitors::table.find(id)).set(visitors::token_used_at.eq(tx.now.wall)).execute(tx.conn)?;
                Ok(())
            })
            .await;
        }
        Ok(Some(visitor))
    }

    /// One visitor.
    ///
    /// # Errors
    /// `NotFound`, or a fault of the database.
    pub async fn visitor(&self, id: VisitorId) -> Result<Visitor, StoreError> {
        self.read(move |conn| get(conn, id)).await
    }
}

/// Reads one visitor.
///
/// # Errors
/// `NotFound`, or a fault of the database.
pub fn get(conn: &mut SqliteConnection, id: VisitorId) -> Result<Visitor, StoreError> {
    visitors::table.find(id).select(VisitorRow::as_select()).get_result(conn)?.into_visitor()
}

/// The visitor whose token has this hash.
pub(super) fn by_token(conn: &mut SqliteConnection, site: SiteId, token_hash: &[u8; 32]) -> Result<Option<Visitor>, StoreError> {
    Ok(by_token_used(conn, site, token_hash)?.map(|(visitor, _)| visitor))
}

fn by_token_used(conn: &mut SqliteConnection, site: SiteId, token_hash: &[u8; 32]) -> Result<Option<(Visitor, Timestamp)>, StoreError> {
    let row: Option<(VisitorRow, Timestamp)> = visitors::table
        .filter(visitors::token_hash.eq(token_hash.as_slice()))
        .filter(visitors::site_id.eq(site))
        .filter(visitors::erased_at.is_null())
        .select((VisitorRow::as_select(), visitors::token_used_at))
        .get_result(conn)
        .optional()?;
    row.map(|(row, used_at)| Ok((row.into_visitor()?, used_at))).transpose()
}

/// Writes the visitor of a request: a new row, or what was newly told on the known one.
pub(super) fn upsert(tx: &mut Tx<'_>, contact: &Contact<'_>, with_chat: bool) -> Result<VisitorId, StoreError> {
    let intake = contact.intake;
    let known = by_token(tx.conn, contact.site, contact.token_hash)?;
    let told = (
        visitors::locale.eq(Some(contact.locale)),
        visitors::timezone.eq(contact.timezone),
        visitors::device_type.eq(contact.device.kind.as_deref()),
        visitors::device_os.eq(contact.device.os.as_deref()),
        visitors::device_browser.eq(contact.device.browser.as_deref()),
        visitors::user_agent.eq(contact.user_agent),
        visitors::address.eq(contact.address),
        visitors::token_used_at.eq(tx.now.wall),
    );
    match known {
        Some(mut visitor) => {
            // What is typed now is the visitor's own word from now on.
            let typed = [("name", intake.name.is_some()), ("email", intake.email.is_some()), ("phone", intake.phone_raw.is_some())];
            for (name, _) in typed.iter().filter(|(_, is_typed)| *is_typed) {
                visitor.filled.remove(*name);
            }
            let filled = stored_enrichment::filled_text(&visitor.filled);
            let phone = if intake.phone_raw.is_some() { intake.phone.clone() } else { visitor.phone };
            let newly = (
                told,
                visitors::name.eq(intake.name.clone().or(visitor.name)),
                visitors::email.eq(intake.email.clone().or(visitor.email)),
                visitors::phone.eq(phone),
                visitors::phone_raw.eq(intake.phone_raw.clone().or(visitor.phone_raw)),
                visitors::chats_count.eq(visitor.chats_count + i32::from(with_chat)),
                visitors::filled.eq(filled),
            );
            prepared::update("visitors", visitor.id, newly).execute(tx.conn)?;
            Ok(visitor.id)
        }
        None => {
            let id = VisitorId::new();
            diesel::insert_into(visitors::table)
                .values((
                    visitors::id.eq(id),
                    visitors::site_id.eq(contact.site),
                    visitors::token_hash.eq(contact.token_hash.as_slice()),
                    visitors::name.eq(intake.name.as_deref()),
                    visitors::email.eq(intake.email.as_deref()),
                    visitors::phone.eq(intake.phone.as_deref()),
                    visitors::phone_raw.eq(intake.phone_raw.as_deref()),
                    visitors::first_seen_at.eq(tx.now.wall),
                    visitors::chats_count.eq(i32::from(with_chat)),
                    told,
                ))
                .execute(tx.conn)?;
            Ok(id)
        }
    }
}

/// Writes what an endpoint's answer fills.
pub(super) fn fill(tx: &mut Tx<'_>, visitor: &Visitor, filling: &Filling, endpoint: EndpointId) -> Result<(), StoreError> {
    let by = Filled { endpoint, at: tx.now.wall };
    let mut filled = visitor.filled.clone();
    let names = filling.changed().into_iter().filter(|name| *name != "custom").map(ToOwned::to_owned);
    filled.extend(names.chain(filling.custom.iter().map(|(name, _)| format!("custom.{name}"))).map(|name| (name, by)));
    let (phone_raw, phone) = filling.phone.clone().unzip();
    diesel::update(visitors::table.find(visitor.id))
        .set((
            visitors::name.eq(filling.name.as_ref().or(visitor.name.as_ref())),
            visitors::email.eq(filling.email.as_ref().or(visitor.email.as_ref())),
            visitors::phone_raw.eq(phone_raw.as_ref().or(visitor.phone_raw.as_ref())),
            visitors::phone.eq(phone.unwrap_or_else(|| visitor.phone.clone())),
            visitors::custom.eq(stored_enrichment::custom_with(&visitor.custom, &filling.custom)),
            visitors::cards.eq(stored_enrichment::cards_text(filling.cards.as_ref().unwrap_or(&visitor.cards))),
            visitors::filled.eq(stored_enrichment::filled_text(&filled)),
        ))
        .execute(tx.conn)?;
    Ok(())
}
