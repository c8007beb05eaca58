//! The one mapping of everything that can go wrong to a code, a status and a text.
//!
//! Handlers return [`AppError`]; [`answer`] turns it into JSON, or a page where a browser asks, in the reader's language. Bodies of 5xx tell nothing; the log has
//! the cause under the request id.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use serde_json::json;

use super::rates::Wait;
use super::state::AppState;
use super::{client, frame};
use crate::domain::chat::refusal::Refusal;
use crate::domain::intake::IntakeError;
use crate::i18n::{Locale, Texts};
use crate::metrics::Metrics;
use crate::store::error::StoreError;

/// What a handler can fail with.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error("not found")]
    NotFound,
    #[error("the method is not allowed here, but {allow}")]
    MethodNotAllowed { allow: String },
    #[error("the demo is asked for by a name that isn't of loopback")]
    ForeignHost,
    #[error("not signed in")]
    Unauthorised,
    #[error("wrong e-mail or password")]
    CredentialsWrong,
    #[error("not allowed")]
    Forbidden,
    #[error("the token lacks the scope {0}")]
    ScopeMissing(String),
    #[error("the request comes from a foreign page")]
    ForeignOrigin,
    #[error("the page's domain is not allowed")]
    DomainNotAllowed,
    #[error("no such site")]
    SiteUnknown,
    #[error("the request can't be read")]
    Malformed,
    #[error("the field {field} is wrong: {code}")]
    Invalid { field: String, code: &'static str },
    #[error("the request is too large")]
    TooLarge,
    #[error("too many requests")]
    RateLimited(Wait),
    #[error("a template can't be rendered")]
    Template,
}

impl From<Wait> for AppError {
    fn from(wait: Wait) -> Self {
        Self::RateLimited(wait)
    }
}

impl AppError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => store_code(error),
            Self::Refused(refusal) => refusal.code(),
            Self::Intake(error) => error.code,
            Self::NotFound => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::Unauthorised => "unauthenticated",
            Self::CredentialsWrong => "credentials_wrong",
            Self::Forbidden => "forbidden",
            Self::ScopeMissing(_) => "scope_missing",
            Self::ForeignHost => "foreign_host",
            Self::ForeignOrigin => "foreign_origin",
            Self::DomainNotAllowed => "domain_not_allowed",
            Self::SiteUnknown => "site_unknown",
            Self::Malformed => "request_malformed",
            Self::Invalid { code, .. } => code,
            Self::TooLarge => "request_too_large",
            Self::RateLimited(_) => "rate_limited",
            Self::Template => "internal",
        }
    }

    /// The field that is wrong, if one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Intake(error) => Some(error.field),
            Self::Invalid { field, .. } => Some(field),
            Self::Store(StoreError::Invalid(invalid)) => invalid.field,
            Self::Store(_)
            | Self::Refused(_)
            | Self::NotFound
            | Self::MethodNotAllowed { .. }
            | Self::ForeignHost
            | Self::Unauthorised
            | Self::CredentialsWrong
            | Self::Forbidden
            | Self::ScopeMissing(_)
            | Self::ForeignOrigin
            | Self::DomainNotAllowed
            | Self::SiteUnknown
            | Self::Malformed
            | Self::TooLarge
            | Self::RateLimited(_)
            | Self::Template => None,
        }
    }

    /// When to try again, in milliseconds, if that helps.
    #[must_use]
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited(Wait(wait)) => Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)),
            Self::Store(StoreError::Overloaded | StoreError::Closed) => Some(1_000),
            Self::Store(StoreError::Full) => Some(30_000),
            Self::Store(StoreError::Disk(_)) => Some(5_000),
            _ => None,
        }
    }

    /// What an answer says of it beside its body, on a page as in JSON.
    fn add_headers(&self, response: &mut HttpResponse) {
        let (name, value) = match self {
            Self::Unauthorised | Self::CredentialsWrong => (header::WWW_AUTHENTICATE, Ok(HeaderValue::from_static("Bearer"))),
            Self::MethodNotAllowed { allow } => (header::ALLOW, HeaderValue::from_str(allow)),
            _ => match self.retry_after_ms() {
                Some(ms) => (header::RETRY_AFTER, Ok(HeaderValue::from(ms.div_ceil(1000)))),
                None => return,
            },
        };
        if let Ok(value) = value {
            response.headers_mut().insert(name, value);
        }
    }

    /// The text in a language: what is wrong and what to do. `{name}` is who was first, or what stands in the way.
    #[must_use]
    pub fn text(&self, texts: &Texts, name: &str) -> String {
        texts.with(&text_key(self.code()), [("name", name)])
    }
}

/// The key of a code's text. What an endpoint's form says beside its fields, programs are told in the same words.
fn text_key(code: &str) -> String {
    let of_endpoint = code == "plain_http" || code.starts_with("url_") || code.starts_with("header");
    if of_endpoint { format!("webhook.refused.{code}") } else { format!("error.{code}") }
}

const fn store_code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Refused(refusal) => refusal.code(),
        StoreError::Invalid(invalid) => invalid.code,
        StoreError::NotFound => "not_found",
        StoreError::Overloaded | StoreError::Closed => "overloaded",
        StoreError::Full => "storage_full",
        StoreError::Disk(_) => "storage_failed",
        StoreError::Database(_) | StoreError::Newer(_) | StoreError::InUse | StoreError::Unwritable(_) => "internal",
    }
}

const fn refusal_status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NotFound => StatusCode::NOT_FOUND,
        Refusal::Forbidden | Refusal::NotYourChat => StatusCode::FORBIDDEN,
        Refusal::ChatFinished
        | Refusal::ChatNotActive
        | Refusal::ChatNotWaiting
        | Refusal::ChatNotStarted
        | Refusal::AlreadyTaken { .. }
        | Refusal::AgentNoRoom
        | Refusal::RatingClosed
        | Refusal::ClientIdReused => StatusCode::CONFLICT,
        Refusal::TagUnknown
        | Refusal::TagsTooMany
        | Refusal::TagsRequired
        | Refusal::RatingInvalid
        | Refusal::LocationOff
        | Refusal::LocationInvalid
        | Refusal::DepartmentUnavailable => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Refused(refusal) | Self::Store(StoreError::Refused(refusal)) => refusal_status(refusal),
            Self::Store(StoreError::NotFound) | Self::NotFound | Self::SiteUnknown => StatusCode::NOT_FOUND,
            Self::Store(StoreError::Invalid(_)) | Self::Intake(_) | Self::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Store(StoreError::Overloaded | StoreError::Closed) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(StoreError::Full) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(StoreError::Disk(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(StoreError::Database(_) | StoreError::Newer(_) | StoreError::InUse | StoreError::Unwritable(_))
            | Self::Template => StatusCode::INTERNAL_SERVER_ERROR,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthorised | Self::CredentialsWrong => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::ScopeMissing(_) | Self::ForeignOrigin | Self::DomainNotAllowed => StatusCode::FORBIDDEN,
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::new(self.status_code());
        self.add_headers(&mut response);
        response
    }
}

/// The id of a request: in the log, and in the body of what failed.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: frame::Frame,
    code: &'static str,
    text: String,
    request_id: String,
}
frame::framed!(ErrorPage);

/// What the body of a failed answer depends on. Taken before the handler runs: it needs the request for itself.
struct Asker {
    id: RequestId,
    locale: Locale,
    wants_page: bool,
}

impl Asker {
    fn of(request: &HttpRequest) -> Self {
        let accepts = |kind: &str| {
            request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains(kind))
        };
        Self {
            id: RequestId(uuid::Uuid::now_v7().simple().to_string()),
            locale: locale(request),
            wants_page: accepts("text/html") && !request.path().starts_with("/api/"),
        }
    }
}

/// Gives every failed answer its body, in the reader's language, and writes the log's line.
///
/// # Errors
/// None of its own.
pub async fn answer(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let asker = Asker::of(request.request());
    request.extensions_mut().insert(asker.id.clone());
    let (method, path) = (request.method().clone(), shown_path(request.path()));
    let state = request.app_data::<Data<AppState>>().cloned();
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if let Some(state) = state {
        count(state.store.metrics(), &response);
        client::note_untrusted_forwarder(response.request(), &state);
    }
    let cause = response.response().error().map(ToString::to_string).filter(|_| status.is_server_error());
    match cause {
        Some(cause) => tracing::error!(request_id = %asker.id.0, %method, path, status = status.as_u16(), cause, "failed"),
        None => tracing::debug!(request_id = %asker.id.0, %method, path, status = status.as_u16(), "answered"),
    }
    Ok(with_body(response, &asker))
}

/// Counts an answer, and why it was refused.
fn count(metrics: &Metrics, response: &ServiceResponse<BoxBody>) {
    metrics.answered(response.status().as_u16());
    if let Some(error) = response.response().error().and_then(|error| error.as_error::<AppError>()) {
        metrics.refuse(error.code());
    }
}

/// Paths without what identifies: keys and ids are cut out of the log.
fn shown_path(path: &str) -> String {
    path.split('/').map(|part| if part.len() > 24 { "…" } else { part }).collect::<Vec<_>>().join("/")
}

fn with_body(response: ServiceResponse<BoxBody>, asker: &Asker) -> ServiceResponse<BoxBody> {
    let Some(error) = response.response().error().and_then(|error| error.as_error::<AppError>()) else {
        return foreign_error(response, asker);
    };
    let text = error.text(Texts::for_locale(asker.locale), &blocking_names(error));
    let mut answer = body(error.status_code(), asker, error.code(), text, error.field());
    error.add_headers(&mut answer);
    response.into_response(answer)
}

fn blocking_names(error: &AppError) -> String {
    match error {
        AppError::Store(StoreError::Invalid(invalid)) => invalid.names.join(", "),
        AppError::ScopeMissing(scope) => scope.clone(),
        _ => String::new(),
    }
}

/// Refusals of the framework itself (unreadable bodies, unknown paths) get our form too.
fn foreign_error(response: ServiceResponse<BoxBody>, asker: &Asker) -> ServiceResponse<BoxBody> {
    if response.response().error().is_none() {
        return response;
    }
    let (code, status) = match response.status() {
        StatusCode::NOT_FOUND => ("not_found", StatusCode::NOT_FOUND),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED),
        StatusCode::PAYLOAD_TOO_LARGE => ("request_too_large", StatusCode::PAYLOAD_TOO_LARGE),
        status if status.is_client_error() => ("request_malformed", StatusCode::BAD_REQUEST),
        status if status.is_server_error() => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
        _ => return response,
    };
    let text = Texts::for_locale(asker.locale).with(&format!("error.{code}"), [("name", "")]);
    response.into_response(body(status, asker, code, text, None))
}

fn body(status: StatusCode, asker: &Asker, code: &'static str, text: String, field: Option<&str>) -> HttpResponse {
    if asker.wants_page {
        let page = ErrorPage { frame: frame::Frame::signed_out(asker.locale), code, text, request_id: asker.id.0.clone() };
        return frame::page(status, &page.frame.nonce, &page).unwrap_or_else(|_| HttpResponse::new(status));
    }
    let mut error = json!({"code": code, "message": text, "request_id": asker.id.0});
    if let (Some(field), Some(fields)) = (field, error.as_object_mut()) {
        fields.insert("field".to_owned(), field.into());
    }
    HttpResponse::build(status).insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"error": error}))
}

/// The language of a request from its header alone.
#[must_use]
pub fn locale(http: &HttpRequest) -> Locale {
    http.headers()
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .and_then(Locale::from_accept_language)
        .unwrap_or_default()
}
