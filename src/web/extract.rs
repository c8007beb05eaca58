//! Who asks, and whether the question comes from our own pages.
//!
//! A browser is known by its session cookie alone, and whatever changes something must come from our own origin: handlers can read a form
//! only through [`Posted`], which checks that first. Sources: SECURITY.md, Origins and Accounts.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use actix_web::dev::{Payload, UrlEncoded};
use actix_web::error::{InternalError, UrlencodedError};
use actix_web::http::header::{self, HeaderName};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use tokio::time::timeout;

use super::client::address_of;
use super::error::AppError;
use super::form::Form;
use super::frame;
use super::origin::{Origin, is_repeated};
use super::session_cookie;
use super::state::AppState;
use crate::auth::token::TokenHash;
use crate::domain::agent::{Agent, Role};
use crate::domain::ids::SessionId;
use crate::i18n::Locale;
use crate::store::audit::Author;

/// Longest posted form, in bytes.
const FORM_BYTES_MAX: usize = 256 * 1024;
/// How long a request's body may take in all. The HTTP library bounds the head alone: whoever never sent the rest would keep a connection for ever.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// How a page that asks stands to the one it asks, as browsers say it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The `{id}` of a path, typed; anything else isn't found.
#[derive(Clone, Copy, Debug)]
pub struct Id<T>(pub T);

impl<T: FromStr + 'static> FromRequest for Id<T> {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|text| text.parse().ok());
        ready(id.map(Self).ok_or_else(|| AppError::NotFound.into()))
    }
}

/// Somebody who is signed in with a browser.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub agent: Agent,
    pub session: SessionId,
    pub locale: Locale,
    pub address: Option<IpAddr>,
}

impl SignedIn {
    /// For the audit log.
    #[must_use]
    pub fn author(&self) -> Author {
        Author { agent: self.agent.id, address: self.address.map(|address| address.to_string()) }
    }
}

/// An admin who is signed in with a browser.
#[derive(Clone, Debug)]
pub struct Admin(pub SignedIn);

/// The language for somebody who may not be signed in.
#[derive(Clone, Copy, Debug)]
pub struct Reader(pub Locale);

/// A form that came from one of our own pages.
#[derive(Debug)]
pub struct Posted(pub Form);

impl FromRequest for SignedIn {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let found = signed_in(&request).await?;
            found.ok_or_else(|| InternalError::from_response("not signed in", frame::go_to(&login_path(&request))).into())
        }
        .boxed_local()
    }
}

impl FromRequest for Admin {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(request, payload);
        async move {
            let signed_in = signed_in.await?;
            if signed_in.agent.role == Role::Admin { Ok(Self(signed_in)) } else { Err(AppError::Forbidden.into()) }
        }
        .boxed_local()
    }
}

impl FromRequest for Reader {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { Ok(Self(locale_of(&request, state(&request)?, None))) }.boxed_local()
    }
}

impl FromRequest for Posted {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !is_from_own_page(request) {
            return ready(Err(AppError::ForeignOrigin.into())).boxed_local();
        }
        // A form without fields may come without a body.
        if request.headers().get(header::CONTENT_LENGTH).is_none_or(|length| length == "0")
            && !request.headers().contains_key(header::TRANSFER_ENCODING)
        {
            return ready(Ok(Self(Form::default()))).boxed_local();
        }
        let fields = UrlEncoded::<Vec<(String, String)>>::new(request, payload).limit(FORM_BYTES_MAX);
        async move {
            match timeout(BODY_TIMEOUT, fields).await {
                Ok(Ok(fields)) => Ok(Self(Form::posted(fields))),
                Ok(Err(UrlencodedError::Overflow { .. })) => Err(AppError::TooLarge.into()),
                Ok(Err(_)) | Err(_) => Err(AppError::Malformed.into()),
            }
        }
        .boxed_local()
    }
}

/// The account behind the session cookie, if it is valid.
///
/// # Errors
/// Faults of the store.
pub async fn signed_in(request: &HttpRequest) -> Result<Option<SignedIn>, actix_web::Error> {
    let state = state(request)?;
    let Some(token) = session_cookie::read(request, &state.config) else { return Ok(None) };
    let session = state.store.session_of(TokenHash::of(&token)).await.map_err(AppError::from)?;
    let Some(session) = session.filter(|session| !session.program) else { return Ok(None) };
    let directory = state.store.directory();
    let agent = directory.agents.get(&session.agent).filter(|agent| agent.archived_at.is_none()).cloned();
    Ok(agent.map(|agent| SignedIn {
        locale: locale_of(request, state, agent.locale.as_deref()),
        session: session.id,
        address: address_of(request, &state.config),
        agent,
    }))
}

/// Whether a request that changes something comes from one of our own pages. Browsers say so in `Sec-Fetch-Site`; where they don't, `Origin`
/// must be ours (under `no-referrer` it is `null`, which is nobody's). A request with neither is refused: a cookie alone proves nothing; so is one that says
/// either more than once.
fn is_from_own_page(request: &HttpRequest) -> bool {
    if is_repeated(request, &SEC_FETCH_SITE) || is_repeated(request, &header::ORIGIN) {
        return false;
    }
    match request.headers().get(&SEC_FETCH_SITE) {
        Some(site) => site == "same-origin",
        None => state(request).is_ok_and(|state| Origin::of(request, &state.config) == Origin::Ours),
    }
}

/// Whether a request says that it comes from another page than ours. For what a form can't send and so is asked for by programs too, which say nothing.
pub(super) fn names_foreign_page(request: &HttpRequest) -> bool {
    let names = |name: &HeaderName| request.headers().contains_key(name);
    (names(&SEC_FETCH_SITE) || names(&header::ORIGIN)) && !is_from_own_page(request)
}

/// The reader's own choice, else the browser's, else the organisation's.
fn locale_of(request: &HttpRequest, state: &AppState, chosen: Option<&str>) -> Locale {
    let asked =
        || request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(Locale::from_accept_language);
    let organisation = || state.store.directory().organisation.as_ref().and_then(|organisation| Locale::parse(&organisation.locale));
    chosen.and_then(Locale::parse).or_else(asked).or_else(organisation).unwrap_or_default()
}

fn state(request: &HttpRequest) -> Result<&Data<AppState>, actix_web::Error> {
    request.app_data::<Data<AppState>>().ok_or_else(|| actix_web::error::ErrorInternalServerError("the state is missing"))
}

/// The sign-in page, with the way back for what can be asked again.
fn login_path(request: &HttpRequest) -> String {
    if request.method() != actix_web::http::Method::GET {
        return "/login?told=over".to_owned();
    }
    let next: String = url::form_urlencoded::byte_serialize(request.uri().to_string().as_bytes()).collect();
    format!("/login?next={next}")
}
