//! Statements that SQLite compiles once per connection.
//!
//! Two things make diesel or SQLite compile a statement anew each time, which costs several times what running it does:
//! - diesel takes every UPDATE for one whose text may change with its values. [`update_where`] is for those whose text doesn't.
//! - SQLite plans by the value bound to `LIMIT ?`, and by one compared with the column of a partial index (`state = ?`), so each new
//!   binding throws the plan away. [`first`] and [`at_most`] stop reading instead of saying LIMIT, and states that indexes are
//!   partial by are written out.
//!
//! Deliberately knows no table.

use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sqlite::Sqlite;
use diesel::{AsChangeset, QueryResult, RunQueryDsl, SqliteConnection};

/// An UPDATE of the rows that meet a condition. Its text follows from the types of its values and of the condition.
pub(super) fn update_where<V: AsChangeset, W>(table: &'static str, values: V, condition: W) -> UpdateWhere<V::Changeset, W> {
    UpdateWhere { table, changes: values.as_changeset(), condition }
}

/// See [`update_where`].
pub(super) struct UpdateWhere<C, W> {
    table: &'static str,
    changes: C,
    condition: W,
}

impl<C: QueryFragment<Sqlite>, W: QueryFragment<Sqlite>> QueryFragment<Sqlite> for UpdateWhere<C, W> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_identifier(self.table)?;
        out.push_sql(" SET ");
        self.changes.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE ");
        self.condition.walk_ast(out)
    }
}

/// It is found again by its text.
impl<C, W> QueryId for UpdateWhere<C, W> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, W> RunQueryDsl<SqliteConnection> for UpdateWhere<C, W> {}

/// The first row, if there is one; what comes after it isn't read.
pub(super) fn first<'q, T>(query: impl LoadQuery<'q, SqliteConnection, T> + 'q, conn: &mut SqliteConnection) -> QueryResult<Option<T>> {
    query.load_iter::<T, _>(conn)?.next().transpose()
}

/// The first rows; what comes after them isn't read.
pub(super) fn at_most<'q, T>(
    count: usize,
    query: impl LoadQuery<'q, SqliteConnection, T> + 'q,
    conn: &mut SqliteConnection,
) -> QueryResult<Vec<T>> {
    query.load_iter::<T, _>(conn)?.take(count).collect()
}
