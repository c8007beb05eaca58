//! What became of the latest attempts: what a dispatcher must know of those before it.

use diesel::dsl::sql;
use diesel::sql_types::{Nullable, Text};
use diesel::{ExpressionMethods, JoinOnDsl, QueryDsl};

use crate::domain::backoff::{RETRY_AFTER_SECONDS_MAX, retry_after_ms};
use crate::domain::delivery::{AttemptCode, Cause, Control, Outcome};
use crate::domain::ids::EndpointId;
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::prepared::at_most;
use crate::store::schema::{attempts, deliveries};
use crate::wire::stored_endpoint::pairs_from;

/// Attempts that are remembered, of all endpoints together: bounds what a start reads. Who is beyond it is found out about anew.
const PAST_MAX: usize = 10_000;
/// Nothing that an attempt asked for lasts longer, in seconds.
const PAST_SECONDS_MAX: i64 = RETRY_AFTER_SECONDS_MAX + 60;

/// What became of an attempt, as far as it matters for those after it. Times are the wall clock's.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// Who was called.
    pub endpoint: EndpointId,
    /// Why.
    pub cause: Cause,
    /// The number of the attempt, from 1.
    pub number: u32,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What it came to; what the answer asked for only with status 429, the one that holds for others too.
    pub outcome: Outcome,
}

type Row = ((EndpointId, String), (i32, Timestamp, i64, Option<i32>, String), Option<String>);

impl Store {
    /// The latest attempts, as far back as they may still matter at `now` by the wall clock, in the order of their ends.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn past_attempts(&self, now: Timestamp) -> Result<Vec<Past>, StoreError> {
        self.read(move |conn| {
            let latest = attempts::table
                .inner_join(deliveries::table.on(deliveries::position.eq(attempts::delivery_position)))
                .filter(attempts::at.ge(now.plus_seconds(-PAST_SECONDS_MAX)))
                .order(attempts::at.desc())
                .select((
                    (deliveries::endpoint_id, deliveries::cause),
                    (attempts::number, attempts::at, attempts::duration_ms, attempts::status, attempts::code),
                    sql::<Nullable<Text>>("case when attempts.status = 429 then attempts.response_headers end"),
                ));
            let rows: Vec<Row> = at_most(PAST_MAX, latest, conn)?;
            let mut past = rows.into_iter().map(past_from).collect::<Result<Vec<_>, _>>()?;
            past.sort_by_key(|past| past.ended_at);
            Ok(past)
        })
        .await
    }
}

fn past_from(((endpoint, cause), (number, began_at, duration_ms, status, code), headers): Row) -> Result<Past, StoreError> {
    let headers = headers.as_deref().map(pairs_from).transpose()?;
    let header = |wanted: &str| headers.iter().flatten().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let ended_at = began_at.plus_ms(duration_ms);
    let outcome = Outcome {
        code: AttemptCode::parse(&code).ok_or_else(|| StoreError::corrupt(&code))?,
        status: status.and_then(|status| u16::try_from(status).ok()),
        retry_after_ms: header("retry-after").and_then(|asked| retry_after_ms(asked, ended_at)),
        control: header("webhook-delivery").and_then(Control::parse),
    };
    let cause = Cause::parse(&cause).ok_or_else(|| StoreError::corrupt(&cause))?;
    Ok(Past { endpoint, cause, number: u32::try_from(number).unwrap_or(0), began_at, ended_at, outcome })
}
