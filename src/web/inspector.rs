//! The inspector's pages: what arrived at Papo's own webhook address, live, and whether the next POSTs are refused.
//!
//! The stream only says that something moved; the page then asks for what is new, so a slow reader costs nothing and every answer is decided anew.
//! Knows nothing of how a POST gets here.

use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{Data, Json, Query};
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use askama::Template;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use super::addresses::{Addresses, delete, get, post};
use super::error::{self, AppError};
use super::extract::{Admin, names_foreign_page, signed_in};
use super::frame::{self, Frame, framed};
use super::settings::choices::Keyed;
use super::settings::webhooks::TABS;
use super::state::AppState;
use crate::domain::agent::Role;
use crate::i18n::Texts;
use crate::webhooks::inspector::{Inspector, Manner, Seen};
use crate::wire::time::rfc3339;

pub(super) mod stream;

/// Where admins find it.
const SETTINGS_PATH: &str = "/settings/webhooks/inspector";

#[derive(Template)]
#[template(path = "inspector/index.html")]
struct InspectorPage {
    frame: Frame,
    /// Where endpoints send to, to be read here.
    address: String,
    /// The shop of a demo, where a first chat can begin.
    shop_url: Option<String>,
    config_json: String,
    manners: &'static [Keyed],
}
framed!(InspectorPage);

#[derive(Template)]
#[template(path = "settings/webhooks/inspector.html")]
struct SettingsPage {
    frame: Frame,
    tabs: &'static [Keyed],
    tab: &'static str,
    address: String,
    shop_url: Option<String>,
    config_json: String,
    manners: &'static [Keyed],
}
framed!(SettingsPage);

/// How the inspector may answer: the code, and the key of its text.
const MANNERS: &[Keyed] = &[
    (Manner::Well.as_str(), "inspector.manner.well"),
    (Manner::Broken.as_str(), "inspector.manner.broken"),
    (Manner::Gone.as_str(), "inspector.manner.gone"),
    (Manner::Slow.as_str(), "inspector.manner.slow"),
];

/// Somebody who may look into the inspector: an admin, and in a demo whoever knows its address.
struct Viewer {
    frame: Frame,
    key: String,
}

impl FromRequest for Viewer {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move {
            let state = request.app_data::<Data<AppState>>().ok_or(AppError::NotFound)?;
            let directory = state.store.directory();
            let key = directory.organisation.as_ref().map(|organisation| organisation.inspector_key.clone()).ok_or(AppError::NotFound)?;
            // 122 random bits and more: the time of a comparison tells nothing that could be used.
            if request.match_info().get("key") != Some(key.as_str()) {
                return Err(AppError::NotFound.into());
            }
            if request.method() != Method::GET && names_foreign_page(&request) {
                return Err(AppError::ForeignOrigin.into());
            }
            let in_demo = state.config.demo.is_some();
            let frame = match signed_in(&request).await? {
                Some(who) if in_demo || who.agent.role == Role::Admin => Frame::settings(&who.agent, who.locale, ""),
                Some(_) => return Err(AppError::Forbidden.into()),
                None if in_demo => Frame::signed_out(error::locale(&request)),
                None => return Err(sign_in_first(&request).await),
            };
            Ok(Self { frame, key })
        }
        .boxed_local()
    }
}

/// The way to the sign-in page, as every page of admins answers it.
async fn sign_in_first(request: &HttpRequest) -> actix_web::Error {
    Admin::from_request(request, &mut Payload::None).await.err().unwrap_or_else(|| AppError::Forbidden.into())
}

#[derive(Deserialize)]
struct After {
    /// Only what came after this number.
    #[serde(default)]
    after: u64,
}

#[derive(Deserialize)]
struct Mode {
    manner: String,
}

#[derive(Serialize)]
struct Posts {
    /// Newest first.
    posts: Vec<PostView>,
    /// The oldest number that is still kept; none after it was cleared.
    oldest: Option<u64>,
    /// How the next ones are answered.
    manner: &'static str,
}

#[derive(Serialize)]
struct PostView {
    number: u64,
    at: String,
    #[serde(rename = "type")]
    kind: String,
    protocol: Option<String>,
    test: bool,
    verified: bool,
    status: u16,
    headers: Vec<(String, String)>,
    /// As it was signed.
    body: String,
}

/// What a row says without being opened.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    r#type: String,
    test: bool,
    data: ToldData,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ToldData {
    chat: Option<ToldChat>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ToldChat {
    protocol: Option<String>,
}

impl PostView {
    fn of(seen: &Seen) -> Self {
        let told: Told = serde_json::from_slice(&seen.body).unwrap_or_default();
        Self {
            number: seen.number,
            at: rfc3339(seen.at.wall),
            kind: told.r#type,
            protocol: told.data.chat.and_then(|chat| chat.protocol),
            test: told.test,
            verified: seen.verified,
            status: seen.status,
            headers: seen.headers.clone(),
            body: String::from_utf8_lossy(&seen.body).into_owned(),
        }
    }
}

impl Posts {
    fn since(inspector: &Inspector, after: u64) -> Self {
        let seen = inspector.seen();
        Self {
            oldest: seen.last().map(|post| post.number),
            posts: seen.iter().filter(|post| post.number > after).map(PostView::of).collect(),
            manner: inspector.manner().as_str(),
        }
    }
}

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/inspector", get(own)).route("/settings/webhooks/inspector", get(among_settings));
    table
        .route("/inspector/{key}", get(page))
        .route("/inspector/{key}/posts", get(posts))
        .route("/inspector/{key}/posts", delete(clear))
        .route("/inspector/{key}/stream", get(live))
        .route("/inspector/{key}/mode", post(mode));
}

/// The way of an admin who doesn't know the key.
async fn own(_who: Admin) -> HttpResponse {
    std::future::ready(frame::go_to(SETTINGS_PATH)).await
}

async fn among_settings(me: Admin, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let directory = state.store.directory();
    let organisation = std::future::ready(directory.organisation.as_ref()).await.ok_or(AppError::NotFound)?;
    let (address, config_json) = whereabouts(&state, &organisation.inspector_key);
    let mut frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks");
    frame.texts_json = frame.t.json_of(&["form", "console", "inspector", "webhook"]);
    let page = SettingsPage { frame, tabs: TABS, tab: "/inspector", address, shop_url: shop_url(&state), config_json, manners: MANNERS };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

/// In a demo whoever knows the address, elsewhere an admin: who finds the inspector among the settings.
async fn page(viewer: Viewer, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    if std::future::ready(state.config.demo.is_none()).await {
        return Ok(frame::go_to(SETTINGS_PATH));
    }
    let mut frame = viewer.frame;
    frame.texts_json = Texts::for_locale(frame.t.locale()).json_of(&["inspector", "webhook"]);
    let (address, config_json) = whereabouts(&state, &viewer.key);
    let page = InspectorPage { frame, address, shop_url: shop_url(&state), config_json, manners: MANNERS };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

/// Where endpoints send to, and what the page's script begins with.
fn whereabouts(state: &AppState, key: &str) -> (String, String) {
    let path = format!("/inspector/{key}");
    (state.config.link(&path), serde_json::json!({ "path": path }).to_string().replace('<', "\\u003c"))
}

fn shop_url(state: &AppState) -> Option<String> {
    state.config.demo.as_ref().map(|demo| demo.shop_url.to_string())
}

async fn posts(_viewer: Viewer, query: Query<After>, state: Data<AppState>) -> HttpResponse {
    answer(&state.inspector, query.after)
}

/// Forgets what came. No page elsewhere can ask for it: `DELETE`, like JSON, needs a permission that we give to nobody.
async fn clear(_viewer: Viewer, state: Data<AppState>) -> HttpResponse {
    state.inspector.clear();
    answer(&state.inspector, 0)
}

async fn mode(_viewer: Viewer, mode: Json<Mode>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.inspector.set_manner(std::future::ready(Manner::parse(&mode.manner)).await.ok_or(AppError::Malformed)?);
    Ok(answer(&state.inspector, u64::MAX))
}

async fn live(_viewer: Viewer, state: Data<AppState>) -> HttpResponse {
    stream::open(&state.hub, state.inspector.moved())
}

fn answer(inspector: &Inspector, after: u64) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .json(Posts::since(inspector, after))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{PostView, Posts};
    use crate::clock::Clock;
    use crate::domain::endpoint::secret::Signing;
    use crate::domain::endpoint::url::WebhookUrl;
    use crate::domain::ids::EventId;
    use crate::domain::time::{Moment, Timestamp};
    use crate::domain::webhook_id::WebhookId;
    use crate::webhooks::attempt::Post;
    use crate::webhooks::inspector::{Inspector, Seen};
    use crate::webhooks::signature;

    const NOON: Moment = Moment { wall: Timestamp::from_ms(1_795_348_800_000), steady: Timestamp::from_ms(0) };

    async fn arrives(inspector: &Inspector, body: &'static str) {
        let post = Post {
            url: WebhookUrl::parse("http://127.0.0.1:8080/inspector/key").expect("an address"),
            id: WebhookId { event: EventId::new(), test: false },
            body: Bytes::from_static(body.as_bytes()),
            number: 1,
            previous: None,
            headers: Vec::new(),
            secrets: vec![signature::generate(Signing::Hmac)],
        };
        let _attempt = inspector.answer(&post, &Clock::fixed(NOON.wall)).await;
    }

    #[actix_web::test]
    async fn a_page_is_told_what_came_since_newest_first_and_what_is_still_kept() {
        let inspector = Inspector::default();
        for body in ["{}", "{}", "{}"] {
            arrives(&inspector, body).await;
        }
        let numbers = |after| Posts::since(&inspector, after).posts.iter().map(|post| post.number).collect::<Vec<_>>();
        assert_eq!((numbers(0), numbers(2), numbers(3)), (vec![3, 2, 1], vec![3], vec![]));
        assert_eq!(Posts::since(&inspector, 3).oldest, Some(1));
        inspector.clear();
        arrives(&inspector, "{}").await;
        assert_eq!((numbers(3), Posts::since(&inspector, 3).oldest), (vec![4], Some(4)), "numbers go on, so that what is new stays new");
    }

    #[test]
    fn a_row_is_read_from_the_body_and_any_other_body_is_shown_as_it_is() {
        let view = |body: &'static str| {
            PostView::of(&Seen {
                number: 1,
                at: NOON,
                headers: Vec::new(),
                body: Bytes::from_static(body.as_bytes()),
                verified: true,
                status: 200,
            })
        };
        let told = view(r#"{"type":"chat.started","test":true,"data":{"chat":{"protocol":"20261122-000042"}}}"#);
        assert_eq!((told.kind.as_str(), told.protocol.as_deref(), told.test), ("chat.started", Some("20261122-000042"), true));
        assert_eq!(told.at, "2026-11-22T12:00:00.000Z");
        let chatless = view(r#"{"type":"agent.availability_changed","data":{"chat":null}}"#);
        assert_eq!((chatless.kind.as_str(), chatless.protocol), ("agent.availability_changed", None));
        let other = view("<b>");
        assert_eq!((other.kind.as_str(), other.body.as_str()), ("", "<b>"));
    }
}
