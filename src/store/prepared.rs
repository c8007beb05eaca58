//! Statements that SQLite compiles once per connection.
//!
//! Two things make diesel or SQLite compile a statement anew each time, which costs several times what running it does:
//! - diesel takes every UPDATE for one whose text may change with its values. [`update`] and [`update_where`] are for those whose text doesn't.
//! - SQLite plans by the value bound to `LIMIT ?`, and by one compared with the column of a partial index (`state = ?`), so each new
//!   binding throws the plan away. [`first`] and [`at_most`] stop reading instead of saying LIMIT, and states that indexes are
//!   partial by are written out ([`IsWaiting`], [`IsActive`], [`IsOpen`], [`IsUncalled`]).
//!
//! Deliberately knows no table.

use std::marker::PhantomData;

use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::serialize::ToSql;
use diesel::sql_types::{Binary, Bool};
use diesel::sqlite::Sqlite;
use diesel::{AsChangeset, QueryResult, RunQueryDsl, SqliteConnection};

/// An UPDATE of the row with this id. Its text follows from the types of its values.
pub(super) fn update<I, V: AsChangeset>(table: &'static str, id: I, values: V) -> Update<V::Changeset, I> {
    Update { table, changes: values.as_changeset(), id }
}

/// See [`update`].
pub(super) struct Update<C, I> {
    table: &'static str,
    changes: C,
    id: I,
}

impl<C: QueryFragment<Sqlite>, I: ToSql<Binary, Sqlite>> QueryFragment<Sqlite> for Update<C, I> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_identifier(self.table)?;
        out.push_sql(" SET ");
        self.changes.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<Binary, _>(&self.id)
    }
}

/// It is found again by its text.
impl<C, I> QueryId for Update<C, I> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, I> RunQueryDsl<SqliteConnection> for Update<C, I> {}

/// An UPDATE of the row with this id whose text isn't even written out to be found again: `K` stands for it, so each `K` belongs to one place that updates.
pub(super) fn update_as<K, I, V: AsChangeset>(_: K, table: &'static str, id: I, values: V) -> Known<K, V::Changeset, I> {
    Known(update(table, id, values), PhantomData)
}

/// See [`update_as`].
pub(super) struct Known<K, C, I>(Update<C, I>, PhantomData<K>);

impl<K, C: QueryFragment<Sqlite>, I: ToSql<Binary, Sqlite>> QueryFragment<Sqlite> for Known<K, C, I> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

impl<K: 'static, C, I> QueryId for Known<K, C, I> {
    type QueryId = Known<K, (), ()>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<K, C, I> RunQueryDsl<SqliteConnection> for Known<K, C, I> {}

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

diesel::postfix_operator!(IsWaiting, " = 'waiting'", Bool);
diesel::postfix_operator!(IsActive, " = 'active'", Bool);
diesel::postfix_operator!(IsOpen, " in ('waiting', 'active')", Bool);
diesel::postfix_operator!(IsUncalled, " = 0", Bool);
