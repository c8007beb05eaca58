//! Resendings: sending many deliveries again, in batches, so that chats go on meanwhile.
//!
//! A row says how far one is; it moves in the transaction of the deliveries that it stands for, so that after a crash it goes on exactly
//! where it was. Whoever drives it ([`Store::continue_resending`]) may be ended at any point, and two who drive the same do no harm.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, SqliteConnection};

use super::again::{Tally, again};
use super::walk::Walk;
use crate::domain::delivery::DeliveryState;
use crate::domain::delivery_filter::{Counted, DeliveryFilter};
use crate::domain::ids::{AgentId, EndpointId, ResendingId};
use crate::domain::resending::{Kind, Resending, State, Wanted};
use crate::domain::time::Timestamp;
use crate::store::audit::{self, Act, Author};
use crate::store::effect::Effect;
use crate::store::error::{Invalid, StoreError};
use crate::store::schema::resendings;
use crate::store::{Store, Tx};
use crate::wire::stored_filter::{filter_from, filter_text};

/// Deliveries that are looked at in one transaction.
const BATCH_MAX: usize = 200;

impl Wanted {
    /// Everything that an endpoint did not get of what was queued since a time.
    #[must_use]
    pub fn recovery(endpoint: EndpointId, since: Timestamp) -> Self {
        let states = vec![DeliveryState::Held, DeliveryState::Failed, DeliveryState::Aborted];
        let filter = DeliveryFilter { endpoint: Some(endpoint), since: Some(since), states, ..DeliveryFilter::default() };
        Self { kind: Kind::Recover, filter, upto: None }
    }
}

impl Store {
    /// Begins a resending. It runs by itself from then on.
    ///
    /// # Errors
    /// `NotFound` for an endpoint that isn't there; `Invalid` `endpoint_disabled` where it takes nothing, `filter_open` for a filter that
    /// restricts nothing, `resending_running` while another one of the same endpoint runs; or a fault of the database.
    pub async fn begin_resending(&self, wanted: Wanted, by: Option<Author>) -> Result<ResendingId, StoreError> {
        if wanted.filter.is_open() {
            return Err(Invalid::field("filter", "filter_open").into());
        }
        let (expected, last) = self.count_deliveries(wanted.filter.clone()).await?;
        let upto = wanted.upto.unwrap_or(last).min(last);
        let id = self.write(move |tx| begin(tx, &wanted, expected, upto, by.as_ref())).await?;
        self.shared.resendings.notify_one();
        Ok(id)
    }

    /// Does the next batch of a resending; whether there is more to do.
    ///
    /// # Errors
    /// `NotFound`; or a fault of the database, after which it is where it was.
    pub async fn continue_resending(&self, id: ResendingId) -> Result<bool, StoreError> {
        let seen = self.resending(id).await?;
        if seen.state != State::Running {
            return Ok(false);
        }
        let (directory, cursor) = (self.directory(), seen.cursor);
        let found =
            self.read(move |conn| Walk::of(conn, &seen.filter, &directory)?.find(conn, Some(seen.cursor), false, BATCH_MAX)).await?;
        self.write_guarded(move |tx| {
            let resending = load(tx.conn, id)?;
            if resending.state != State::Running || resending.cursor != cursor {
                return Ok(resending.state == State::Running);
            }
            if let Some(reason) = obstacle(tx, &resending) {
                end(tx, id, State::Stopped, Some(reason))?;
                return Ok(false);
            }
            let mut tally = Tally::default();
            for position in found.positions.iter().filter(|position| **position <= resending.upto) {
                again(tx, &resending, *position, &mut tally)?;
            }
            let edge = found.edge.unwrap_or(cursor).min(resending.upto);
            diesel::update(resendings::table.find(id))
                .set((
                    resendings::cursor.eq(edge),
                    resendings::sent.eq(resendings::sent + tally.sent),
                    resendings::skipped.eq(resendings::skipped + tally.skipped),
                ))
                .execute(tx.conn)?;
            let over = found.ended || edge >= resending.upto;
            if over {
                end(tx, id, State::Done, None)?;
            }
            tx.publish(Effect::Outbox);
            Ok(!over)
        })
        .await
    }

    /// Ends a resending; what it has queued stays queued. One that has ended stays as it is.
    ///
    /// # Errors
    /// `NotFound`, or a fault of the database.
    pub async fn cancel_resending(&self, id: ResendingId, by: Author) -> Result<Resending, StoreError> {
        self.write(move |tx| {
            if load(tx.conn, id)?.state == State::Running {
                end(tx, id, State::Cancelled, None)?;
                audit::record(tx, &by, Act { act: "resending.cancelled", target_kind: "resending", target: id.0, detail: &[] })?;
            }
            load(tx.conn, id)
        })
        .await
    }

    /// One resending.
    ///
    /// # Errors
    /// `NotFound`, or a fault of the database.
    pub async fn resending(&self, id: ResendingId) -> Result<Resending, StoreError> {
        self.read(move |conn| load(conn, id)).await
    }

    /// The last resendings, newest first.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn resendings(&self, limit: i64) -> Result<Vec<Resending>, StoreError> {
        self.read(move |conn| {
            let rows: Vec<Columns> = resendings::table.order(resendings::created_at.desc()).limit(limit).load(conn)?;
            rows.into_iter().map(resending_from).collect()
        })
        .await
    }

    /// Those that run, the first begun first.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn running_resendings(&self) -> Result<Vec<Resending>, StoreError> {
        self.read(|conn| {
            let running = resendings::table.filter(diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'running'"));
            let rows: Vec<Columns> = running.order(resendings::created_at).load(conn)?;
            rows.into_iter().map(resending_from).collect()
        })
        .await
    }

    /// Told when a resending begins.
    #[must_use]
    pub fn resending_woken(&self) -> &tokio::sync::Notify {
        &self.shared.resendings
    }
}

fn begin(tx: &mut Tx<'_>, wanted: &Wanted, expected: Counted, upto: i64, by: Option<&Author>) -> Result<ResendingId, StoreError> {
    let endpoint = wanted.filter.endpoint;
    if let Some(endpoint) = endpoint {
        let found = tx.directory.endpoints.get(&endpoint).ok_or(StoreError::NotFound)?;
        if !found.is_live() {
            return Err(Invalid::field("endpoint", "endpoint_disabled").into());
        }
    }
    let running: Vec<Option<EndpointId>> = resendings::table
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'running'"))
        .select(resendings::endpoint_id)
        .load(tx.conn)?;
    // One of several endpoints stands in the way of each.
    let is_same = |other: &Option<EndpointId>| other.is_none() || endpoint.is_none() || *other == endpoint;
    if running.iter().any(is_same) {
        return Err(Invalid::field("endpoint", "resending_running").into());
    }
    let id = ResendingId::new();
    diesel::insert_into(resendings::table)
        .values((
            resendings::id.eq(id),
            resendings::kind.eq(wanted.kind.as_str()),
            resendings::endpoint_id.eq(endpoint),
            resendings::filter.eq(filter_text(&wanted.filter)),
            resendings::upto.eq(upto),
            resendings::expected.eq(expected.n),
            resendings::at_least.eq(expected.at_least),
            resendings::state.eq(State::Running.as_str()),
            resendings::created_by.eq(by.map(|by| by.agent)),
            resendings::created_at.eq(tx.now.wall),
        ))
        .execute(tx.conn)?;
    if let Some(by) = by {
        let detail = [("kind", wanted.kind.as_str()), ("expected", &*expected.n.to_string())];
        audit::record(tx, by, Act { act: "resending.begun", target_kind: "resending", target: id.0, detail: &detail })?;
    }
    tx.publish(Effect::DeliveriesMoved);
    Ok(id)
}

/// Why a resending of one endpoint can't go on.
fn obstacle(tx: &Tx<'_>, resending: &Resending) -> Option<&'static str> {
    let endpoint = tx.directory.endpoints.get(&resending.endpoint?)?;
    match endpoint.archived_at {
        Some(_) => Some("endpoint_removed"),
        None => (!endpoint.is_live()).then_some("endpoint_disabled"),
    }
}

fn end(tx: &mut Tx<'_>, id: ResendingId, state: State, reason: Option<&'static str>) -> Result<(), StoreError> {
    diesel::update(resendings::table.find(id))
        .set((resendings::state.eq(state.as_str()), resendings::reason.eq(reason), resendings::ended_at.eq(Some(tx.now.wall))))
        .execute(tx.conn)?;
    tx.publish(Effect::DeliveriesMoved);
    Ok(())
}

type Columns = (
    ResendingId,
    String,
    Option<EndpointId>,
    String,
    i64,
    i64,
    i64,
    i64,
    i64,
    bool,
    String,
    Option<String>,
    Option<AgentId>,
    Timestamp,
    Option<Timestamp>,
);

fn load(conn: &mut SqliteConnection, id: ResendingId) -> Result<Resending, StoreError> {
    resending_from(resendings::table.find(id).first::<Columns>(conn).optional()?.ok_or(StoreError::NotFound)?)
}

fn resending_from(row: Columns) -> Result<Resending, StoreError> {
    let (id, kind, endpoint, filter, upto, cursor, sent, skipped, n, at_least, state, reason, created_by, created_at, ended_at) = row;
    Ok(Resending {
        id,
        kind: Kind::parse(&kind).ok_or_else(|| StoreError::corrupt(&kind))?,
        endpoint,
        filter: filter_from(&filter)?,
        upto,
        cursor,
        sent,
        skipped,
        expected: Counted { n, at_least },
        state: State::parse(&state).ok_or_else(|| StoreError::corrupt(&state))?,
        reason,
        created_by,
        created_at,
        ended_at,
    })
}
