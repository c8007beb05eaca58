//! Entries of timelines: written in the transaction of their chat, read in order.

use diesel::sqlite::Sqlite;
use diesel::{ExpressionMethods, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper, SqliteConnection};
use uuid::Uuid;

use super::Store;
use super::error::StoreError;
use super::prepared::at_most;
use super::schema::timeline;
use crate::domain::chat::command::Actor;
use crate::domain::chat::event::{Event, Recorded};
use crate::domain::ids::{AgentId, ApiTokenId, ChatId, EndpointId, EntryId, VisitorId};
use crate::domain::time::{Moment, Timestamp};
use crate::wire::stored_event;

/// Entries in one answer.
pub const PAGE_ENTRIES_MAX: usize = 200;

/// Part of a timeline, in order.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub entries: Vec<Recorded>,
    /// Set to the first `seq` of these entries where earlier ones exist.
    pub more_before: Option<i64>,
}

impl Store {
    /// What came after `seq`, or the last page of it.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn entries_after(&self, chat: ChatId, seq: i64) -> Result<Page, StoreError> {
        self.read(move |conn| after(conn, chat, seq)).await
    }

    /// The page that ends before `seq`.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn entries_before(&self, chat: ChatId, seq: i64) -> Result<Page, StoreError> {
        self.read(move |conn| page(conn, chat, 0, seq)).await
    }

    /// The first `limit` entries after `seq`, in order.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn entries_from(&self, chat: ChatId, seq: i64, limit: i64) -> Result<Vec<Recorded>, StoreError> {
        self.read(move |conn| {
            let later = timeline::table.filter(timeline::chat_id.eq(chat)).filter(timeline::seq.gt(seq));
            entries(at_most(usize::try_from(limit).unwrap_or(0), later.order(timeline::seq.asc()).select(EntryRow::as_select()), conn)?)
        })
        .await
    }

    /// A whole timeline, in order.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn whole_timeline(&self, chat: ChatId) -> Result<Vec<Recorded>, StoreError> {
        self.read(move |conn| {
            entries(timeline::table.filter(timeline::chat_id.eq(chat)).order(timeline::seq.asc()).select(EntryRow::as_select()).load(conn)?)
        })
        .await
    }
}

/// What came after `seq`: the last page of it.
pub(super) fn after(conn: &mut SqliteConnection, chat: ChatId, seq: i64) -> Result<Page, StoreError> {
    page(conn, chat, seq, i64::MAX)
}

fn page(conn: &mut SqliteConnection, chat: ChatId, after: i64, before: i64) -> Result<Page, StoreError> {
    let latest = timeline::table
        .filter(timeline::chat_id.eq(chat))
        .filter(timeline::seq.gt(after))
        .filter(timeline::seq.lt(before))
        .order(timeline::seq.desc())
        .select(EntryRow::as_select());
    let mut entries = entries(at_most(PAGE_ENTRIES_MAX + 1, latest, conn)?)?;
    entries.reverse();
    let surplus = entries.len() > PAGE_ENTRIES_MAX;
    if surplus {
        entries.remove(0);
    }
    let more_before = entries.first().map(|first| first.seq).filter(|_| surplus);
    Ok(Page { entries, more_before })
}

/// Writes one entry; with the hash of the command's content where the entry is its receipt, too.
pub(super) fn append(
    conn: &mut SqliteConnection,
    chat: ChatId,
    entry: &Recorded,
    fingerprint: Option<&[u8; 16]>,
) -> Result<(), StoreError> {
    diesel::insert_into(timeline::table)
        .values((
            timeline::chat_id.eq(chat),
            timeline::seq.eq(entry.seq),
            timeline::id.eq(entry.id),
            timeline::kind.eq(entry.event.as_str()),
            timeline::at.eq(entry.at.wall),
            timeline::steady.eq(entry.at.steady),
            timeline::actor_kind.eq(entry.by.kind()),
            timeline::actor_id.eq(actor_id(entry.by).map(|id| id.as_bytes().to_vec())),
            timeline::client_id.eq(entry.client_id.as_deref()),
            timeline::data.eq(stored_event::event_text(&entry.event)),
            timeline::fingerprint.eq(fingerprint.map(<[u8; 16]>::as_slice)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Takes the coordinates out of a chat's entries, as their owner wants.
pub(super) fn forget_location(conn: &mut SqliteConnection, chat: ChatId) -> Result<(), StoreError> {
    let rows: Vec<(i64, String)> = timeline::table
        .filter(timeline::chat_id.eq(chat))
        .filter(timeline::kind.eq("located"))
        .select((timeline::seq, timeline::data))
        .load(conn)?;
    for (seq, data) in rows {
        let event = stored_event::event_from("located", &data)?;
        let Event::Located { source, .. } = event else { continue };
        let blank = stored_event::event_text(&Event::Located { coordinates: None, source });
        diesel::update(timeline::table.find((chat, seq))).set(timeline::data.eq(blank)).execute(conn)?;
    }
    Ok(())
}

/// The visitor's messages after `seq`.
pub(super) fn unread(conn: &mut SqliteConnection, chat: ChatId, seq: i64) -> Result<i64, StoreError> {
    Ok(timeline::table
        .filter(timeline::chat_id.eq(chat))
        .filter(timeline::seq.gt(seq))
        .filter(timeline::kind.eq("message"))
        .filter(timeline::actor_kind.eq("visitor"))
        .count()
        .get_result(conn)?)
}

/// What an endpoint's answers have noted in a chat.
pub(super) fn notes_by(conn: &mut SqliteConnection, chat: ChatId, endpoint: EndpointId) -> Result<Vec<String>, StoreError> {
    let found = timeline::table
        .filter(timeline::chat_id.eq(chat))
        .filter(timeline::kind.eq("note"))
        .filter(timeline::actor_kind.eq("webhook"))
        .filter(timeline::actor_id.eq(endpoint.0.as_bytes().to_vec()));
    let text = |entry: Recorded| if let Event::Noted(body) = entry.event { Some(body.to_string()) } else { None };
    Ok(entries(found.select(EntryRow::as_select()).load(conn)?)?.into_iter().filter_map(text).collect())
}

/// The messages of a chat, in order.
pub(super) fn messages(conn: &mut SqliteConnection, chat: ChatId) -> Result<Vec<Recorded>, StoreError> {
    let found = timeline::table.filter(timeline::chat_id.eq(chat)).filter(timeline::kind.eq("message")).order(timeline::seq.asc());
    entries(found.select(EntryRow::as_select()).load(conn)?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = timeline, check_for_backend(Sqlite))]
struct EntryRow {
    seq: i64,
    id: EntryId,
    kind: String,
    at: Timestamp,
    steady: Timestamp,
    actor_kind: String,
    actor_id: Option<Vec<u8>>,
    client_id: Option<String>,
    data: String,
}

fn entries(rows: Vec<EntryRow>) -> Result<Vec<Recorded>, StoreError> {
    rows.into_iter().map(entry).collect()
}

fn entry(row: EntryRow) -> Result<Recorded, StoreError> {
    let event = stored_event::event_from(&row.kind, &row.data)?;
    let by = actor(&row.actor_kind, row.actor_id.as_deref())?;
    Ok(Recorded { id: row.id, seq: row.seq, at: Moment { wall: row.at, steady: row.steady }, by, client_id: row.client_id, event })
}

/// The id of an actor, where it has one.
#[must_use]
pub const fn actor_id(actor: Actor) -> Option<Uuid> {
    match actor {
        Actor::Visitor(id) => Some(id.0),
        Actor::Agent(id) => Some(id.0),
        Actor::Api(id) => Some(id.0),
        Actor::Webhook(id) => Some(id.0),
        Actor::System => None,
    }
}

fn actor(kind: &str, id: Option<&[u8]>) -> Result<Actor, StoreError> {
    let id = id.map(Uuid::from_slice).transpose().map_err(|error| StoreError::corrupt(&error.to_string()))?;
    match (kind, id) {
        ("visitor", Some(id)) => Ok(Actor::Visitor(VisitorId(id))),
        ("agent", Some(id)) => Ok(Actor::Agent(AgentId(id))),
        ("api", Some(id)) => Ok(Actor::Api(ApiTokenId(id))),
        ("webhook", Some(id)) => Ok(Actor::Webhook(EndpointId(id))),
        ("system", None) => Ok(Actor::System),
        _ => Err(StoreError::corrupt(kind)),
    }
}
