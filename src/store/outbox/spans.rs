//! How long the stretches of a chat took, counted as its deadlines are: a jump of the wall clock lengthens none.

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, SqliteConnection};

use crate::domain::chat::Chat;
use crate::domain::chat::event::{Event, Recorded};
use crate::domain::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::prepared::first;
use crate::store::schema::timeline;
use crate::wire::stored_event;

/// The stretches of a chat that ended, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spans {
    /// From the request to the first start: what `chat.started` told.
    pub waited: i64,
    /// From the first start to the end.
    pub duration: i64,
    /// From the first start to the first message that was not the visitor's.
    pub first_response: Option<i64>,
}

/// The stretches of a chat that `end` ended; all nothing if it never started.
pub(super) fn of(conn: &mut SqliteConnection, chat: &Chat, end: &Recorded) -> Result<Spans, StoreError> {
    let entries = || timeline::table.filter(timeline::chat_id.eq(chat.id)).order(timeline::seq.asc());
    let start = entries().filter(timeline::kind.eq("started")).select((timeline::steady, timeline::data));
    let Some((started, data)) = first::<(Timestamp, String)>(start, conn)? else { return Ok(Spans::default()) };
    let start = stored_event::event_from("started", &data)?;
    let is_response = timeline::kind.eq("message").and(timeline::actor_kind.ne("visitor"));
    let response = first::<Timestamp>(entries().filter(is_response).select(timeline::steady), conn)?;
    Ok(Spans {
        waited: if let Event::Started { waited_seconds, .. } = start { waited_seconds } else { 0 },
        duration: end.at.steady.seconds_since(started),
        first_response: response.map(|at| at.seconds_since(started)),
    })
}
