//! Queues of departments as people see them: order, positions, estimates.

use diesel::{ExpressionMethods, QueryDsl, SqliteConnection};

use super::Store;
use super::error::StoreError;
use super::prepared::{IsWaiting, at_most};
use super::schema::chats;
use crate::domain::chat::Chat;
use crate::domain::directory::Directory;
use crate::domain::ids::{ChatId, DepartmentId, VisitorId};
use crate::domain::time::{Moment, Timestamp};

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

impl Store {
    /// Everybody's place in a department's queue, in order.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn places(&self, department: DepartmentId) -> Result<Vec<Place>, StoreError> {
        let (directory, now) = (self.directory(), self.clock().now());
        self.read(move |conn| places(conn, &directory, department, now)).await
    }

    /// One waiting chat's place.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn place(&self, chat: &Chat) -> Result<Option<Place>, StoreError> {
        let (id, department) = (chat.id, chat.department);
        Ok(self.places(department).await?.into_iter().find(|place| place.chat == id))
    }
}

/// The estimate's parts: agents online in the department, and the mean of its last waits.
pub(super) fn estimate(
    conn: &mut SqliteConnection,
    directory: &Directory,
    department: DepartmentId,
    now: Moment,
) -> Result<(i64, Option<i64>), StoreError> {
    let online = directory.departments.get(&department).map_or(0, |found| {
        found.members.iter().filter(|member| directory.agents.get(&member.agent).is_some_and(|agent| agent.is_online(now))).count()
    });
    let started = chats::table
        .filter(chats::department_id.eq(department))
        .filter(chats::started_at.is_not_null())
        .order(chats::started_at.desc())
        .select((chats::requested_at, chats::started_at));
    let waits: Vec<(Timestamp, Option<Timestamp>)> = at_most(WAITS_MAX, started, conn)?;
    let online = i64::try_from(online).unwrap_or(i64::MAX);
    if online == 0 || waits.len() < WAITS_MIN {
        return Ok((online, None));
    }
    let total: i64 = waits.iter().filter_map(|(asked, started)| started.map(|started| started.seconds_since(*asked))).sum();
    Ok((online, Some(total / i64::try_from(waits.len()).unwrap_or(1))))
}

fn places(conn: &mut SqliteConnection, directory: &Directory, department: DepartmentId, now: Moment) -> Result<Vec<Place>, StoreError> {
    let (agents_available, mean) = estimate(conn, directory, department, now)?;
    let waiting = chats::table
        .filter(IsWaiting::new(chats::state))
        .filter(chats::department_id.eq(department))
        .order((chats::started_at.is_null().asc(), chats::requested_at.asc()))
        .select((chats::id, chats::visitor_id, chats::queued_at, chats::queued_steady));
    let rows: Vec<(ChatId, VisitorId, Timestamp, Timestamp)> = at_most(POSITIONS_MAX, waiting, conn)?;
    Ok(rows
        .into_iter()
        .zip(1..)
        .map(|((chat, visitor, wall, steady), position)| Place {
            chat,
            visitor,
            position,
            queued: Moment { wall, steady },
            estimated_wait_seconds: mean.map(|mean| mean * position / agents_available.max(1)),
            agents_available,
        })
        .collect())
}
