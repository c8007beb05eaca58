//! What is due the longest: for whoever watches that somebody takes it.

use diesel::sql_types::{BigInt, Binary, Nullable};
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use crate::domain::ids::EndpointId;
use crate::domain::time::Timestamp;
use crate::store::Store;
use crate::store::error::StoreError;

#[derive(QueryableByName)]
struct Oldest {
    #[diesel(sql_type = Nullable<BigInt>)]
    oldest: Option<i64>,
}

impl Store {
    /// Since when each endpoint that is to be called has had something due, of those that have.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn oldest_due(&self, now: Timestamp) -> Result<Vec<(EndpointId, Timestamp)>, StoreError> {
        let live: Vec<EndpointId> =
            self.directory().endpoints.values().filter(|endpoint| endpoint.is_live()).map(|found| found.id).collect();
        self.read(move |conn| {
            let mut found = Vec::new();
            for endpoint in live {
                // One question for each partial index.
                let first = oldest(conn, endpoint, "attempts = 0", now)?;
                let again = oldest(conn, endpoint, "attempts > 0", now)?;
                found.extend(first.into_iter().chain(again).min().map(|due| (endpoint, due)));
            }
            Ok(found)
        })
        .await
    }
}

fn oldest(conn: &mut SqliteConnection, endpoint: EndpointId, which: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let row: Oldest = sql_query(format!(
        "select min(next_steady) as oldest from deliveries where endpoint_id = ? and state = 'due' and {which} and next_steady <= ?"
    ))
    .bind::<Binary, _>(endpoint)
    .bind::<BigInt, _>(now)
    .get_result(conn)?;
    Ok(row.oldest.map(Timestamp::from_ms))
}
