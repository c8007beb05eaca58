//! Which positions fit a filter: a walk along one index in the order of positions, whatever is asked for.
//!
//! Of a log with a million rows a page must not read more than a page. An index leads with what is equal and ends with the position; where
//! something isn't asked for, the walk goes along the index once for each value that it may have, a page of each, and merges. So three
//! indexes serve every combination of endpoint, type, state and chat. A time is turned into a position first, by halving: positions are
//! given in the order of queueing (after a system clock was set back, rows of the time that came twice may stand outside).
//!
//! Only words can't be led to by an index: they are looked for in what the rest of the filter gives, so many rows a page at most.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{BigInt, Binary, Integer, Text};
use diesel::sqlite::Sqlite;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use crate::domain::delivery::DeliveryState;
use crate::domain::delivery_filter::{DeliveryFilter, Needle};
use crate::domain::directory::Directory;
use crate::domain::event_type::EventType;
use crate::domain::ids::{ChatId, DeliveryId, EndpointId, EventId};
use crate::domain::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::schema::{chats, deliveries, events};

/// Rows in which words are looked for at a time; what is beyond is the next page's.
pub const SEARCH_ROWS_MAX: usize = 5_000;
/// Rows in which words are looked for in one query.
const SEARCH_CHUNK: usize = 500;

/// What the walk goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Path {
    /// All rows, by their key.
    Everything,
    /// `deliveries_by_endpoint`.
    Endpoint,
    /// `deliveries_by_state`.
    State,
    /// `deliveries_of_filter`.
    Filter,
    /// `deliveries_of_chat`.
    Chat(ChatId),
    /// These and no others.
    Named(Vec<i64>),
}

/// Words, and whom they name.
#[derive(Clone, Debug)]
struct Words {
    text: String,
    /// Endpoints whose name or address has them.
    endpoints: HashSet<EndpointId>,
    in_bodies: bool,
}

/// A filter, ready to be walked.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    path: Path,
    endpoints: Vec<EndpointId>,
    states: Vec<&'static str>,
    types: Vec<&'static str>,
    /// Positions strictly between these are looked at.
    after: i64,
    before: i64,
    words: Option<Words>,
}

/// What a walk found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// In the order of the walk.
    pub positions: Vec<i64>,
    /// The last position that was looked at; none if there was nothing.
    pub edge: Option<i64>,
    /// Whether everything up to the end was looked at.
    pub ended: bool,
}

#[derive(QueryableByName)]
struct Position {
    #[diesel(sql_type = BigInt)]
    position: i64,
}

impl Walk {
    /// Plans the walk for a filter.
    ///
    /// # Errors
    /// A fault of the database.
    pub fn of(conn: &mut SqliteConnection, filter: &DeliveryFilter, directory: &Directory) -> Result<Self, StoreError> {
        let mut chat = filter.chat;
        let mut named = None;
        let mut words = None;
        match filter.needle() {
            None => {}
            Some(Needle::Event(event)) => named = Some(of_event(conn, event)?),
            Some(Needle::Id(id)) => {
                let mut found = of_event(conn, EventId(id))?;
                found.extend(of_delivery(conn, DeliveryId(id))?);
                match chat {
                    None if found.is_empty() => chat = Some(ChatId(id)),
                    _ => named = Some(found),
                }
            }
            Some(Needle::Protocol(protocol)) => {
                let of_protocol: Option<ChatId> =
                    chats::table.filter(chats::protocol.eq(protocol)).select(chats::id).first(conn).optional()?;
                match of_protocol {
                    Some(id) if chat.is_none_or(|chat| chat == id) => chat = Some(id),
                    Some(_) | None => named = Some(Vec::new()),
                }
            }
            Some(Needle::Words(text)) => words = Some(Words::of(text, filter.in_bodies, directory)),
        }
        let path = match (named, chat, filter.endpoint, filter.states.is_empty(), filter.event_type) {
            (Some(positions), ..) => Path::Named(positions),
            (None, Some(chat), ..) => Path::Chat(chat),
            (None, None, None, true, None) => Path::Everything,
            (None, None, Some(_), true, None) => Path::Endpoint,
            (None, None, None, false, None) => Path::State,
            (None, None, ..) => Path::Filter,
        };
        let all = || directory.endpoints.keys().copied().collect();
        let mut states: Vec<&'static str> = filter.states.iter().map(|state| state.as_str()).collect();
        if states.is_empty() {
            states = DeliveryState::ALL.iter().map(|state| state.as_str()).collect();
        }
        Ok(Self {
            path,
            endpoints: filter.endpoint.map_or_else(all, |endpoint| vec![endpoint]),
            states,
            types: filter.event_type.map_or_else(|| EventType::ALL.iter().map(|kind| kind.as_str()).collect(), |kind| vec![kind.as_str()]),
            after: filter.since.map(|since| first_at(conn, since)).transpose()?.map_or(0, |first| first - 1),
            before: filter.until.map(|until| first_at(conn, until)).transpose()?.unwrap_or(i64::MAX),
            words,
        })
    }

    /// The first `limit` positions of the walk, beginning after (or, newest first, before) `from`.
    ///
    /// # Errors
    /// A fault of the database.
    pub fn find(&self, conn: &mut SqliteConnection, from: Option<i64>, newest_first: bool, limit: usize) -> Result<Found, StoreError> {
        let mut found = Found { edge: from, ..Found::default() };
        let mut looked = 0;
        loop {
            let wanted = if self.words.is_some() { SEARCH_CHUNK } else { limit };
            let chunk = self.positions(conn, found.edge, newest_first, wanted)?;
            found.ended = chunk.len() < wanted;
            looked += chunk.len();
            let last = chunk.last().copied();
            match &self.words {
                None => found.positions = chunk,
                Some(words) => {
                    let fitting = words.fitting(conn, &chunk)?;
                    for position in chunk {
                        if !fitting.contains(&position) {
                            continue;
                        }
                        found.positions.push(position);
                        if found.positions.len() == limit {
                            (found.edge, found.ended) = (Some(position), false);
                            return Ok(found);
                        }
                    }
                }
            }
            found.edge = last.or(found.edge);
            if found.ended || self.words.is_none() || looked >= SEARCH_ROWS_MAX {
                return Ok(found);
            }
        }
    }

    fn positions(&self, conn: &mut SqliteConnection, from: Option<i64>, newest_first: bool, limit: usize) -> Result<Vec<i64>, StoreError> {
        if self.endpoints.is_empty() {
            return Ok(Vec::new());
        }
        let (mut after, mut before) = (self.after, self.before);
        match from {
            Some(from) if newest_first => before = before.min(from),
            Some(from) => after = after.max(from),
            None => {}
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.bound(self.text(newest_first), after, before, limit).load::<Position>(conn)?;
        Ok(rows.into_iter().map(|row| row.position).collect())
    }

    fn bound(&self, text: String, after: i64, before: i64, limit: i64) -> BoxedSqlQuery<'_, Sqlite, SqlQuery> {
        let mut query = sql_query(text).into_boxed::<Sqlite>();
        if let Path::Named(positions) = &self.path {
            query = query.bind::<Text, _>(json_of(positions));
        }
        if self.lists_endpoints() {
            for endpoint in &self.endpoints {
                query = query.bind::<Binary, _>(*endpoint);
            }
        }
        if self.lists_states() {
            for state in &self.states {
                query = query.bind::<Text, _>(*state);
            }
        }
        if self.lists_types() {
            for kind in &self.types {
                query = query.bind::<Text, _>(*kind);
            }
        }
        if let Path::Chat(chat) = &self.path {
            query = query.bind::<Binary, _>(*chat);
        }
        query = query.bind::<BigInt, _>(after).bind::<BigInt, _>(before).bind::<BigInt, _>(limit);
        if self.is_merged() { query.bind::<BigInt, _>(limit) } else { query }
    }

    const fn is_merged(&self) -> bool {
        !matches!(self.path, Path::Everything | Path::Named(_))
    }

    const fn lists_endpoints(&self) -> bool {
        !matches!(self.path, Path::Everything | Path::State)
    }

    const fn lists_states(&self) -> bool {
        !matches!(self.path, Path::Everything | Path::Endpoint)
    }

    const fn lists_types(&self) -> bool {
        !matches!(self.path, Path::Everything | Path::Endpoint | Path::State)
    }

    /// The query. Each inner one is a walk along the index that it names, `limit` rows of it at most.
    fn text(&self, newest_first: bool) -> String {
        let order = if newest_first { "desc" } else { "asc" };
        let (e, s, t) = (marks(self.endpoints.len()), marks(self.states.len()), marks(self.types.len()));
        let range = format!("i.position > ? and i.position < ? order by i.position {order} limit ?");
        let merged = |lists: &[(&str, &str)], index: &str, equal: &str| {
            let with: Vec<String> = lists.iter().map(|(name, marks)| format!("{name}(v) as (values {marks})")).collect();
            let from: Vec<&str> = lists.iter().map(|(name, _)| *name).collect();
            format!(
                "with {} select d.position from {} cross join deliveries d where d.position in (select i.position from deliveries i \
                 indexed by {index} where {equal} and {range}) order by 1 {order} limit ?",
                with.join(", "),
                from.join(" cross join "),
            )
        };
        match &self.path {
            Path::Everything => format!("select i.position from deliveries i where {range}"),
            Path::Named(_) => format!(
                "select i.position from deliveries i where i.position in (select value from json_each(?)) and i.endpoint_id in ({}) \
                 and i.state in ({}) and i.type in ({}) and {range}",
                plain(self.endpoints.len()),
                plain(self.states.len()),
                plain(self.types.len())
            ),
            Path::Endpoint => merged(&[("e", &e)], "deliveries_by_endpoint", "i.endpoint_id = e.v"),
            Path::State => merged(&[("s", &s)], "deliveries_by_state", "i.state = s.v"),
            Path::Filter => {
                merged(&[("e", &e), ("s", &s), ("t", &t)], "deliveries_of_filter", "i.endpoint_id = e.v and i.state = s.v and i.type = t.v")
            }
            Path::Chat(_) => format!(
                "with e(v) as (values {e}), s(v) as (values {s}), t(v) as (values {t}) select d.position from e cross join deliveries d \
                 where d.position in (select i.position from deliveries i indexed by deliveries_of_chat where i.state in (select v from s) \
                 and i.type in (select v from t) and i.endpoint_id = e.v and i.chat_id = ? and {range}) order by 1 {order} limit ?"
            ),
        }
    }
}

impl Words {
    fn of(text: String, in_bodies: bool, directory: &Directory) -> Self {
        let small = text.to_lowercase();
        let named = directory.endpoints.values().filter(|endpoint| {
            endpoint.draft.name.to_lowercase().contains(&small) || endpoint.draft.url.masked().to_lowercase().contains(&small)
        });
        Self { endpoints: named.map(|endpoint| endpoint.id).collect(), text, in_bodies }
    }

    /// Which of these rows have the words.
    fn fitting(&self, conn: &mut SqliteConnection, positions: &[i64]) -> Result<HashSet<i64>, StoreError> {
        let named = plain(self.endpoints.len());
        let mut query = sql_query(format!(
            "select d.position from json_each(?) j cross join deliveries d on d.position = j.value where d.last_code = ? \
             or cast(d.last_status as text) = ? or d.endpoint_id in ({named}) or (? and (exists (select 1 from event_bodies b \
             where b.event_position = d.event_position and b.variant = d.variant and instr(b.body, cast(? as blob)) > 0) \
             or exists (select 1 from attempts a where a.delivery_position = d.position and instr(a.response_body, cast(? as blob)) > 0)))"
        ))
        .into_boxed::<Sqlite>()
        .bind::<Text, _>(json_of(positions))
        .bind::<Text, _>(&self.text)
        .bind::<Text, _>(&self.text);
        for endpoint in &self.endpoints {
            query = query.bind::<Binary, _>(*endpoint);
        }
        let query = query.bind::<Integer, _>(i32::from(self.in_bodies)).bind::<Text, _>(&self.text).bind::<Text, _>(&self.text);
        Ok(query.load::<Position>(conn)?.into_iter().map(|row| row.position).collect())
    }
}

/// The first position that was queued at or after `at`; one past the last if there is none. Halves the range, so it reads some twenty rows.
///
/// # Errors
/// A fault of the database.
pub(super) fn first_at(conn: &mut SqliteConnection, at: Timestamp) -> Result<i64, StoreError> {
    let end: Option<i64> = deliveries::table.select(diesel::dsl::max(deliveries::position)).first(conn)?;
    let (mut low, mut high) = (0, end.unwrap_or(0).saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        let row: Option<(i64, Timestamp)> = deliveries::table
            .filter(deliveries::position.ge(middle))
            .order(deliveries::position)
            .select((deliveries::position, deliveries::created_at))
            .first(conn)
            .optional()?;
        match row {
            Some((position, created_at)) if created_at < at => low = position + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

fn of_event(conn: &mut SqliteConnection, event: EventId) -> Result<Vec<i64>, StoreError> {
    let position: Option<i64> = events::table.filter(events::id.eq(event)).select(events::position).first(conn).optional()?;
    let Some(position) = position else { return Ok(Vec::new()) };
    Ok(deliveries::table.filter(deliveries::event_position.eq(position)).select(deliveries::position).load(conn)?)
}

fn of_delivery(conn: &mut SqliteConnection, id: DeliveryId) -> Result<Option<i64>, StoreError> {
    Ok(deliveries::table.filter(deliveries::id.eq(id)).select(deliveries::position).first(conn).optional()?)
}

/// `(?), (?)`.
fn marks(n: usize) -> String {
    vec!["(?)"; n].join(", ")
}

/// `?, ?`.
fn plain(n: usize) -> String {
    vec!["?"; n].join(", ")
}

fn json_of(positions: &[i64]) -> String {
    let numbers: Vec<String> = positions.iter().map(ToString::to_string).collect();
    format!("[{}]", numbers.join(","))
}
