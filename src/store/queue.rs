//! Queues of departments as people see them: order, positions, estimates.

use diesel::dsl::{Asc, IsNull};
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl, SqliteConnection};

use super::Store;
use super::error::StoreError;
use super::prepared::{IsWaiting, at_most};
use super::schema::chats;
use crate::domain::chat::{Chat, State};
use crate::domain::directory::Directory;
use crate::domain::ids::{ChatId, DepartmentId, VisitorId};
use crate::domain::time::{Moment, Timestamp};
use crate::wire::views::QueueView;

/// Waits that an estimate is the mean of.
const WAITS_MAX: usize = 20;
/// With fewer there is no estimate: never a made-up one.
const WAITS_MIN: usize = 5;
/// Waiting chats of a department that are told their position.
const POSITIONS_MAX: usize = 1_000;

/// A waiting chat's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub chat: ChatId,
    pub visitor: VisitorId,
    /// From 1.
    pub position: i64,
    pub queued: Moment,
    pub estimated_wait_seconds: Option<i64>,
    pub agents_available: i64,
}

impl Place {
    /// What people are shown of it.
    #[must_use]
    pub fn view(&self, now: Moment) -> QueueView {
        QueueView {
            position: self.position,
            estimated_wait_seconds: self.estimated_wait_seconds,
            agents_available: self.agents_available,
            waited_seconds: now.steady.seconds_since(self.queued.steady),
        }
    }
}

impl Store {
    /// Everybody's place in a department's queue, in order.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn places(&self, department: DepartmentId) -> Result<Vec<Place>, StoreError> {
        let (directory, now) = (self.directory(), self.clock().now());
        self.read(move |conn| places(conn, &directory, department, now)).await
    }
}

/// The order of a queue: those who were started before come first, then by request. It is that of an index (`chats_queue`).
pub(super) fn order() -> (Asc<IsNull<chats::started_at>>, Asc<chats::requested_at>, Asc<chats::id>) {
    (chats::started_at.is_null().asc(), chats::requested_at.asc(), chats::id.asc())
}

/// A waiting chat's position in its queue, from 1.
///
/// # Errors
/// A fault of the database.
pub(super) fn position(conn: &mut SqliteConnection, chat: &Chat) -> Result<i64, StoreError> {
    let waiting = || chats::table.filter(IsWaiting::new(chats::state)).filter(chats::department_id.eq(chat.department));
    let is_new = chat.started_at.is_none();
    let started: i64 = if is_new { waiting().filter(chats::started_at.is_null().eq(false)).count().get_result(conn)? } else { 0 };
    let before: i64 = waiting()
        .filter(chats::started_at.is_null().eq(is_new))
        .filter(chats::requested_at.le(chat.requested_at))
        .filter(chats::requested_at.lt(chat.requested_at).or(chats::id.lt(chat.id)))
        .count()
        .get_result(conn)?;
    Ok(started + before + 1)
}

/// One waiting chat's place; none of one that waits no more.
///
/// # Errors
/// A fault of the database.
pub(super) fn place(conn: &mut SqliteConnection, directory: &Directory, chat: &Chat, now: Moment) -> Result<Option<Place>, StoreError> {
    if chat.state != State::Waiting {
        return Ok(None);
    }
    let estimate = estimate(conn, directory, chat.department, now)?;
    let position = position(conn, chat)?;
    Ok(Some(estimate.place(chat.id, chat.request.visitor, position, chat.queued)))
}

/// What the estimates of a queue are made of.
struct Estimate {
    agents_available: i64,
    /// Seconds; none with too few waits to tell.
    mean_wait: Option<i64>,
}

impl Estimate {
    fn place(&self, chat: ChatId, visitor: VisitorId, position: i64, queued: Moment) -> Place {
        let estimated_wait_seconds = self.mean_wait.map(|mean| mean * position / self.agents_available.max(1));
        Place { chat, visitor, position, queued, estimated_wait_seconds, agents_available: self.agents_available }
    }
}

/// Agents online in the department, and the mean of its last waits.
fn estimate(conn: &mut SqliteConnection, directory: &Directory, department: DepartmentId, now: Moment) -> Result<Estimate, StoreError> {
    let online = directory.departments.get(&department).map_or(0, |found| {
        found.members.iter().filter(|member| directory.agents.get(&member.agent).is_some_and(|agent| agent.is_online(now))).count()
    });
    let agents_available = i64::try_from(online).unwrap_or(i64::MAX);
    let started = chats::table
        .filter(chats::department_id.eq(department))
        .filter(chats::started_at.is_not_null())
        .order(chats::started_at.desc())
        .select((chats::requested_at, chats::started_at));
    let waits: Vec<(Timestamp, Option<Timestamp>)> = at_most(WAITS_MAX, started, conn)?;
    if online == 0 || waits.len() < WAITS_MIN {
        return Ok(Estimate { agents_available, mean_wait: None });
    }
    let total: i64 = waits.iter().filter_map(|(asked, started)| started.map(|started| started.seconds_since(*asked))).sum();
    Ok(Estimate { agents_available, mean_wait: Some(total / i64::try_from(waits.len()).unwrap_or(1)) })
}

fn places(conn: &mut SqliteConnection, directory: &Directory, department: DepartmentId, now: Moment) -> Result<Vec<Place>, StoreError> {
    let estimate = estimate(conn, directory, department, now)?;
    let waiting = chats::table.filter(IsWaiting::new(chats::state)).filter(chats::department_id.eq(department)).order(order()).select((
        chats::id,
        chats::visitor_id,
        chats::queued_at,
        chats::queued_steady,
    ));
    let rows: Vec<(ChatId, VisitorId, Timestamp, Timestamp)> = at_most(POSITIONS_MAX, waiting, conn)?;
    Ok(rows
        .into_iter()
        .zip(1..)
        .map(|((chat, visitor, wall, steady), position)| estimate.place(chat, visitor, position, Moment { wall, steady }))
        .collect())
}
