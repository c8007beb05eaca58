//! Tags: labels for chats.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::Store;
use super::audit::{self, Act, Author};
use super::error::{Invalid, StoreError};
use super::organisation::settle;
use super::schema::tags;
use super::writer::Tx;
use crate::domain::ids::TagId;

impl Store {
    /// Adds a tag.
    ///
    /// # Errors
    /// `name_taken`; faults.
    pub async fn create_tag(&self, name: String, by: Author) -> Result<TagId, StoreError> {
        let id = TagId::new();
        self.write(move |tx| {
            require_free_name(tx, None, &name)?;
            diesel::insert_into(tags::table)
                .values((tags::id.eq(id), tags::name.eq(&name), tags::created_at.eq(tx.now.wall)))
                .execute(tx.conn)?;
            record(tx, &by, "tag.created", id, &name)?;
            settle(tx)?;
            Ok(id)
        })
        .await
    }

    /// Renames a tag, on the chats that have it too.
    ///
    /// # Errors
    /// `NotFound`, `name_taken`; faults.
    pub async fn rename_tag(&self, id: TagId, name: String, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            require_tag(tx, id)?;
            require_free_name(tx, Some(id), &name)?;
            diesel::update(tags::table.find(id)).set(tags::name.eq(&name)).execute(tx.conn)?;
            record(tx, &by, "tag.renamed", id, &name)?;
            settle(tx)
        })
        .await
    }

    /// Archives a tag: chats keep it, nobody can set it any more.
    ///
    /// # Errors
    /// `NotFound`; faults.
    pub async fn archive_tag(&self, id: TagId, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            let name = require_tag(tx, id)?;
            diesel::update(tags::table.find(id)).set(tags::archived_at.eq(tx.now.wall)).execute(tx.conn)?;
            record(tx, &by, "tag.archived", id, &name)?;
            settle(tx)
        })
        .await
    }

    /// Takes a tag out of the archive.
    ///
    /// # Errors
    /// `NotFound`, `name_taken`; faults.
    pub async fn restore_tag(&self, id: TagId, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            let name = require_tag(tx, id)?;
            require_free_name(tx, Some(id), &name)?;
            diesel::update(tags::table.find(id)).set(tags::archived_at.eq(None::<i64>)).execute(tx.conn)?;
            record(tx, &by, "tag.restored", id, &name)?;
            settle(tx)
        })
        .await
    }
}

fn require_tag(tx: &Tx<'_>, id: TagId) -> Result<String, StoreError> {
    tx.directory.tags.get(&id).map(|tag| tag.name.clone()).ok_or(StoreError::NotFound)
}

fn require_free_name(tx: &Tx<'_>, own: Option<TagId>, name: &str) -> Result<(), StoreError> {
    let name = name.to_lowercase();
    let taken = tx.directory.tags.values().any(|tag| Some(tag.id) != own && tag.archived_at.is_none() && tag.name.to_lowercase() == name);
    if taken { Err(Invalid::field("name", "name_taken").into()) } else { Ok(()) }
}

fn record(tx: &mut Tx<'_>, by: &Author, act: &'static str, id: TagId, name: &str) -> Result<(), StoreError> {
    audit::record(tx, by, Act { act, target_kind: "tag", target: id.0, detail: &[("name", name)] })
}
