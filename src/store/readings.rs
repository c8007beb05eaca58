//! How much there is at the moment: for `/metrics`. Counts through partial indexes, so that a file with a million chats answers as quickly as an empty one.

use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, QueryDsl, QueryableByName, RunQueryDsl, sql_query};

use super::Store;
use super::error::StoreError;
use super::schema::chats;
use super::writer::QUEUE_JOBS_MAX;
use crate::metrics::Readings;

#[derive(QueryableByName)]
struct Outbox {
    #[diesel(sql_type = BigInt)]
    due: i64,
    #[diesel(sql_type = BigInt)]
    held: i64,
}

const OUTBOX: &str = "select (select count(*) from deliveries where state = 'due') as due, \
     (select count(*) from deliveries where state = 'held') as held";

impl Store {
    /// What the store knows of the readings; sockets and the process are others' to tell.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn readings(&self) -> Result<Readings, StoreError> {
        let mut readings = self
            .read(|conn| {
                let mut open = |state: &'static str| chats::table.filter(chats::state.eq(state)).count().get_result::<i64>(conn);
                let (chats_waiting, chats_active) = (open("waiting")?, open("active")?);
                let outbox: Outbox = sql_query(OUTBOX).get_result(conn)?;
                Ok(Readings {
                    chats_waiting,
                    chats_active,
                    deliveries_due: outbox.due,
                    deliveries_held: outbox.held,
                    ..Readings::default()
                })
            })
            .await?;
        readings.jobs_waiting = i64::try_from(QUEUE_JOBS_MAX.saturating_sub(self.jobs.capacity())).unwrap_or(i64::MAX);
        let size = |suffix: &str| {
            let mut path = self.path.as_os_str().to_owned();
            path.push(suffix);
            std::fs::metadata(path).map_or(0, |file| i64::try_from(file.len()).unwrap_or(i64::MAX))
        };
        (readings.database_bytes, readings.log_bytes) = (size(""), size("-wal"));
        Ok(readings)
    }
}
