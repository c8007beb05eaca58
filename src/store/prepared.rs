//! Statements that SQLite compiles once per connection.
//!
//! Two things make diesel or SQLite compile a statement anew each time, which costs several times what running it does:
//! - diesel takes every UPDATE for one whose text may change with its values. [`fixed`] is for those whose text doesn't.
//! - SQLite plans by the value bound to `LIMIT ?`, and by one compared with the column of a partial index (`state = ?`), so each new
//!   binding throws the plan away. [`first`] and [`at_most`] stop reading instead of saying LIMIT, and states that indexes are
//!   partial by are written out ([`IsWaiting`], [`IsActive`], [`IsOpen`]).
//!
//! Deliberately knows no table.

use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::Bool;
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, RunQueryDsl, SqliteConnection};

/// An UPDATE whose columns and conditions are the same at each call. It is kept by its text, so that a mistake costs memory, never sense.
pub(super) const fn fixed<S>(statement: S) -> Fixed<S> {
    Fixed(statement)
}

/// See [`fixed`].
pub(super) struct Fixed<S>(S);

impl<S: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Fixed<S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &Sqlite) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<S> QueryId for Fixed<S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S> RunQueryDsl<SqliteConnection> for Fixed<S> {}

/// The first row, if there is one; what comes after it isn't read.
pub(super) fn first<'q, T>(query: impl LoadQuery<'q, SqliteConnection, T> + RunQueryDsl<SqliteConnection> + 'q, conn: &mut SqliteConnection) -> QueryResult<Option<T>> {
    query.load_iter::<T, _>(conn)?.next().transpose()
}

/// The first rows; what comes after them isn't read.
pub(super) fn at_most<'q, T>(
    count: usize,
    query: impl LoadQuery<'q, SqliteConnection, T> + RunQueryDsl<SqliteConnection> + 'q,
    conn: &mut SqliteConnection,
) -> QueryResult<Vec<T>> {
    query.load_iter::<T, _>(conn)?.take(count).collect()
}

diesel::postfix_operator!(IsWaiting, " = 'waiting'", Bool);
diesel::postfix_operator!(IsActive, " = 'active'", Bool);
diesel::postfix_operator!(IsOpen, " in ('waiting', 'active')", Bool);
