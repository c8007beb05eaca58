//! One operation of the REST API: everything that its route, its rights and its part of the OpenAPI document are made of.

use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use schemars::{Schema, SchemaGenerator};
use serde::Serialize;

use super::caller::Caller;
use super::query::{Parameter, Query};
use crate::web::error::AppError;
use crate::web::state::AppState;

/// What must be proven before an operation is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Open,
    /// Any token in force.
    Bearer,
    /// A token with this scope.
    Scope(&'static str),
}

/// The methods that the API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Patch,
    Delete,
}

impl Verb {
    /// As HTTP has it.
    #[must_use]
    pub const fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

/// Makes the schema of a body.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;
/// Carries an operation out.
pub type Handler = fn(Call) -> LocalBoxFuture<'static, Result<Reply, AppError>>;

/// One row of the table.
pub struct Operation {
    pub verb: Verb,
    /// Below `/api/v1`.
    pub path: &'static str,
    /// `operationId` of the document.
    pub id: &'static str,
    /// One sentence, for programmers.
    pub summary: &'static str,
    pub access: Access,
    pub query: &'static [Parameter],
    /// Whether `Idempotency-Key` is heeded.
    pub idempotent: bool,
    pub request: Option<SchemaOf>,
    /// The status of success.
    pub status: u16,
    /// None: an answer without a body.
    pub response: Option<SchemaOf>,
    /// The media types of an answer that is a file and no JSON.
    pub media: &'static [&'static str],
    pub handler: Handler,
}

impl Operation {
    /// An operation that reads, to be completed.
    pub const fn get(path: &'static str, id: &'static str, access: Access, response: SchemaOf, handler: Handler) -> Self {
        Self {
            verb: Verb::Get,
            path,
            id,
            summary: "",
            access,
            query: &[],
            idempotent: false,
            request: None,
            status: 200,
            response: Some(response),
            media: &[],
            handler,
        }
    }

    /// An operation that answers with a file, to be completed.
    pub const fn file(path: &'static str, id: &'static str, access: Access, media: &'static [&'static str], handler: Handler) -> Self {
        Self {
            verb: Verb::Get,
            path,
            id,
            summary: "",
            access,
            query: &[],
            idempotent: false,
            request: None,
            status: 200,
            response: None,
            media,
            handler,
        }
    }

    /// An operation that changes something, to be completed.
    pub const fn post(path: &'static str, id: &'static str, access: Access, response: SchemaOf, handler: Handler) -> Self {
        Self { verb: Verb::Post, ..Self::get(path, id, access, response, handler) }
    }

    /// An operation that changes a record, to be completed.
    pub const fn patch(path: &'static str, id: &'static str, access: Access, response: SchemaOf, handler: Handler) -> Self {
        Self { verb: Verb::Patch, ..Self::get(path, id, access, response, handler) }
    }

    /// An operation that ends something and has nothing to say.
    pub const fn delete(path: &'static str, id: &'static str, access: Access, handler: Handler) -> Self {
        Self {
            verb: Verb::Delete,
            path,
            id,
            summary: "",
            access,
            query: &[],
            idempotent: false,
            request: None,
            status: 204,
            response: None,
            media: &[],
            handler,
        }
    }
}

/// The schema of a type, in the form of the table.
pub fn schema<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// What an operation says.
pub enum Reply {
    /// JSON text.
    Json(Vec<u8>),
    /// Nothing.
    Empty,
    /// An answer of its own kind.
    File(HttpResponse),
}

impl Reply {
    /// From anything that JSON can hold.
    ///
    /// # Errors
    /// `Malformed` where it can't be written, which no type of ours does.
    pub fn json<T: Serialize>(value: &T) -> Result<Self, AppError> {
        serde_json::to_vec(value).map(Self::Json).map_err(|_impossible| AppError::Malformed)
    }
}

/// A request that was let in: its token, its parameters, its body.
pub struct Call {
    pub state: Data<AppState>,
    pub request: HttpRequest,
    pub query: Query,
    pub body: Bytes,
    pub(super) caller: Option<Caller>,
}

impl Call {
    /// Whose token it is.
    ///
    /// # Errors
    /// `Unauthorised` for an operation that asks for none.
    pub fn caller(&self) -> Result<&Caller, AppError> {
        self.caller.as_ref().ok_or(AppError::Unauthorised)
    }

    /// The `{id}` of the path; nonsense is a record that isn't there.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn id<T: std::str::FromStr>(&self) -> Result<T, AppError> {
        self.request.match_info().get("id").and_then(|text| text.parse().ok()).ok_or(AppError::NotFound)
    }

    /// A header's text.
    ///
    /// # Errors
    /// `Invalid` where it isn't visible ASCII.
    pub fn header(&self, name: &'static str) -> Result<Option<&str>, AppError> {
        let value = self.request.headers().get(header::HeaderName::from_static(name));
        let unreadable = || AppError::Invalid { field: name.to_owned(), code: "field_invalid" };
        value.map(|value| value.to_str().map_err(|_unreadable| unreadable())).transpose()
    }
}
