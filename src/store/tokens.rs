//! Tokens of the REST API: hashed, with scopes, never stronger than who made them.

use diesel::sqlite::Sqlite;
use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper};

use super::Store;
use super::audit::{self, Act, Author};
use super::error::{Invalid, StoreError};
use super::schema::api_tokens;
use crate::auth::token::{Token, TokenHash};
use crate::domain::ids::{AgentId, ApiTokenId, DepartmentId};
use crate::domain::time::Timestamp;
use crate::wire::stored;

/// What tells a token of the REST API from others.
pub const API_TOKEN_PREFIX: &str = "papo_";
/// Last characters that the list shows.
const HINT_CHARS: usize = 4;
/// Milliseconds between two notes that a token was used.
const TOUCH_MS: i64 = 60 * 1000;
/// Tokens in force at the same time; nobody needs more, and the page lists them all.
const TOKENS_MAX: i64 = 200;

/// What makes a token.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    pub name: String,
    pub scopes: Vec<String>,
    /// None: all departments.
    pub departments: Option<Vec<DepartmentId>>,
    pub expires_at: Option<Timestamp>,
}

/// A token in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    pub id: ApiTokenId,
    pub name: String,
    /// The last characters.
    pub hint: String,
    pub scopes: Vec<String>,
    /// None: all departments.
    pub departments: Option<Vec<DepartmentId>>,
    pub created_by: AgentId,
    pub used_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_tokens, check_for_backend(Sqlite))]
struct TokenRow {
    id: ApiTokenId,
    name: String,
    hint: String,
    scopes: String,
    departments: Option<String>,
    created_by: AgentId,
    used_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

fn api_token(row: TokenRow) -> Result<ApiToken, StoreError> {
    let TokenRow { id, name, hint, scopes, departments, created_by, used_at, expires_at } = row;
    let departments = departments.as_deref().map(stored::ids_from).transpose()?;
    Ok(ApiToken { id, name, hint, scopes: stored::words_from(&scopes)?, departments, created_by, used_at, expires_at })
}

impl Store {
    /// Makes a token; its text is returned once and not kept.
    ///
    /// # Errors
    /// `tokens_many`; faults.
    pub async fn create_api_token(&self, new: NewApiToken, by: Author) -> Result<Token, StoreError> {
        let (id, token) = (ApiTokenId::new(), Token::with_prefix(API_TOKEN_PREFIX));
        let (hash, made) = (token.hash(), token.clone());
        let hint: String = token.text().chars().rev().take(HINT_CHARS).collect::<Vec<_>>().into_iter().rev().collect();
        self.write(move |tx| {
            let open: i64 = api_tokens::table.filter(api_tokens::revoked_at.is_null()).count().get_result(tx.conn)?;
            if open >= TOKENS_MAX {
                return Err(Invalid::field("name", "tokens_many").into());
            }
            let departments = new.departments.as_ref().map(stored::ids_text);
            diesel::insert_into(api_tokens::table)
                .values((
                    api_tokens::id.eq(id),
                    api_tokens::token_hash.eq(hash.bytes().as_slice()),
                    api_tokens::name.eq(&new.name),
                    api_tokens::hint.eq(&hint),
                    api_tokens::scopes.eq(stored::words_text(&new.scopes)),
                    api_tokens::departments.eq(departments),
                    api_tokens::created_by.eq(by.agent),
                    api_tokens::created_at.eq(tx.now.wall),
                    api_tokens::expires_at.eq(new.expires_at),
                ))
                .execute(tx.conn)?;
            let detail = [("name", new.name.as_str()), ("scopes", &new.scopes.join(" "))];
            audit::record(tx, &by, Act { act: "api_token.created", target_kind: "api_token", target: id.0, detail: &detail })
        })
        .await?;
        Ok(made)
    }

    /// Every token in force, the newest first.
    ///
    /// # Errors
    /// Faults.
    pub async fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        let now = self.clock().now().wall;
        self.read(move |conn| {
            let rows: Vec<TokenRow> = api_tokens::table
                .filter(api_tokens::revoked_at.is_null())
                .filter(api_tokens::expires_at.is_null().or(api_tokens::expires_at.gt(now)))
                .order(api_tokens::id.desc())
                .select(TokenRow::as_select())
                .load(conn)?;
            rows.into_iter().map(api_token).collect()
        })
        .await
    }

    /// The token in force behind a text. Whether its maker still has the rights is the caller's question.
    ///
    /// # Errors
    /// Faults.
    pub async fn api_token_of(&self, hash: TokenHash) -> Result<Option<ApiToken>, StoreError> {
        let now = self.clock().now().wall;
        let found = self
            .read(move |conn| {
                let row: Option<TokenRow> = api_tokens::table
                    .filter(api_tokens::token_hash.eq(hash.bytes().as_slice()))
                    .filter(api_tokens::revoked_at.is_null())
                    .filter(api_tokens::expires_at.is_null().or(api_tokens::expires_at.gt(now)))
                    .select(TokenRow::as_select())
                    .first(conn)
                    .optional()?;
                row.map(api_token).transpose()
            })
            .await?;
        if let Some(token) = found.as_ref().filter(|token| token.used_at.is_none_or(|used| now.ms_since(used) >= TOUCH_MS)) {
            let id = token.id;
            self.write_if_possible(move |tx| {
                diesel::update(api_tokens::table.find(id)).set(api_tokens::used_at.eq(tx.now.wall)).execute(tx.conn)?;
                Ok(())
            })
            .await;
        }
        Ok(found)
    }

    /// Ends a token.
    ///
    /// # Errors
    /// `NotFound`; faults.
    pub async fn revoke_api_token(&self, id: ApiTokenId, by: Author) -> Result<(), StoreError> {
        self.write(move |tx| {
            let open = api_tokens::table.find(id).filter(api_tokens::revoked_at.is_null());
            if diesel::update(open).set(api_tokens::revoked_at.eq(tx.now.wall)).execute(tx.conn)? == 0 {
                return Err(StoreError::NotFound);
            }
            audit::record(tx, &by, Act { act: "api_token.revoked", target_kind: "api_token", target: id.0, detail: &[] })
        })
        .await
    }
}
