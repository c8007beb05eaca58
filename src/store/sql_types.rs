//! How domain values stand in columns: ids as 16-byte blobs, times as integer milliseconds.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, Nullable};
use diesel::sqlite::Sqlite;
use uuid::Uuid;

use crate::domain::ids::{
    AgentId, ApiTokenId, ChatId, DeliveryId, DepartmentId, EndpointId, EntryId, EventId, OfflineMessageId, OrganisationId, ResendingId,
    SessionId, SiteId, TagId, VisitorId,
};
use crate::domain::time::Timestamp;

macro_rules! column_type {
    ($sql:ty; $($name:ty),*) => {$(
        impl AsExpression<$sql> for $name {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'a> AsExpression<$sql> for &'a $name {
            type Expression = Bound<$sql, &'a $name>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl AsExpression<Nullable<$sql>> for $name {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'a> AsExpression<Nullable<$sql>> for &'a $name {
            type Expression = Bound<Nullable<$sql>, &'a $name>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl ToSql<Nullable<$sql>, Sqlite> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                ToSql::<$sql, Sqlite>::to_sql(self, out)
            }
        }
        impl Queryable<$sql, Sqlite> for $name {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    )*};
}

macro_rules! ids {
    ($($name:ident),* $(,)?) => {
        $(
            impl ToSql<Binary, Sqlite> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                    out.set_value(self.0.as_bytes().as_slice());
                    Ok(IsNull::No)
                }
            }
            impl FromSql<Binary, Sqlite> for $name {
                fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                    let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(bytes)?;
                    Ok(Self(Uuid::from_slice(&bytes)?))
                }
            }
        )*
        column_type!(Binary; $($name),*);
    };
}

ids!(
    AgentId,
    ApiTokenId,
    ChatId,
    DeliveryId,
    DepartmentId,
    EndpointId,
    EntryId,
    EventId,
    OfflineMessageId,
    OrganisationId,
    ResendingId,
    SessionId,
    SiteId,
    TagId,
    VisitorId,
);

impl ToSql<BigInt, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.ms());
        Ok(IsNull::No)
    }
}

impl FromSql<BigInt, Sqlite> for Timestamp {
    fn from_sql(bytes: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Sqlite>>::from_sql(bytes).map(Self::from_ms)
    }
}

column_type!(BigInt; Timestamp);
