//! The endpoints: list, edit, secret, archive, recovery.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use askama::Template;

use super::quick::allow_list;
use super::{Bar, TABS, Wellbeing, endpoint_form, sparkline, told};
use crate::domain::endpoint::Endpoint;
use crate::domain::endpoint::headers::CustomHeader;
use crate::domain::endpoint::secret::{Secret, Signing};
use crate::domain::event_type::EventType;
use crate::domain::ids::EndpointId;
use crate::domain::resending::Wanted;
use crate::domain::time::Timestamp;
use crate::store::endpoints::Keys;
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::settings::choices::Keyed;
use crate::web::settings::{Asked, beside_its_field, departments};
use crate::web::state::AppState;
use crate::webhooks::signature;
use crate::wire::catalogue::name_key;

struct Row {
    id: EndpointId,
    name: String,
    url: String,
    events: String,
    wellbeing: Wellbeing,
    bars: Vec<Bar>,
    day: String,
    latency: String,
}

#[derive(Template)]
#[template(path = "settings/webhooks/endpoints.html")]
struct ListPage {
    frame: Frame,
    tabs: &'static [Keyed],
    tab: &'static str,
    rows: Vec<Row>,
}
framed!(ListPage);

/// What a page about an endpoint that exists shows beside its form.
struct Existing {
    id: EndpointId,
    wellbeing: Wellbeing,
    concern: Option<&'static str>,
    secret_hint: String,
    revealed: Option<String>,
    reveal_refused: Option<&'static str>,
    held: String,
}

#[derive(Template)]
#[template(path = "settings/webhooks/endpoint.html")]
struct EditPage {
    frame: Frame,
    heading: String,
    action: String,
    submit: &'static str,
    email: String,
    existing: Option<Existing>,
    form: Form,
    events: Vec<(String, String)>,
    sites: Vec<(String, String)>,
    departments: Vec<(String, String)>,
    tags: Vec<(String, String)>,
    enrich_fields: Vec<(&'static str, String)>,
}
framed!(EditPage);

/// The addresses of this module.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/settings/webhooks/endpoints", web::get().to(list))
        .route("/settings/webhooks/endpoints", web::post().to(create))
        .route("/settings/webhooks/endpoints/new", web::get().to(begin))
        .route("/settings/webhooks/endpoints/{id}", web::get().to(show))
        .route("/settings/webhooks/endpoints/{id}", web::post().to(save))
        .route("/settings/webhooks/endpoints/{id}/reveal", web::post().to(reveal))
        .route("/settings/webhooks/endpoints/{id}/rotate", web::post().to(rotate))
        .route("/settings/webhooks/endpoints/{id}/recover", web::post().to(recover))
        .route("/settings/webhooks/endpoints/{id}/archive", web::post().to(archive));
}

async fn list(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks").telling(asked.told.as_deref());
    let (now, timezone) = (state.store.clock().now().wall, timezone(&state));
    let mut rows = Vec::new();
    for endpoint in state.store.endpoints().await?.into_iter().filter(|endpoint| endpoint.archived_at.is_none()) {
        let day = state.store.endpoint_day(endpoint.id, now).await?;
        let (bars, sentence) = sparkline(&day, frame.t);
        let latency = day.p50_ms.zip(day.p95_ms).map(|(p50, p95)| frame.t.with("settings.webhooks.latency", [("p50", p50), ("p95", p95)]));
        rows.push(Row {
            id: endpoint.id,
            events: frame.t.count("settings.webhooks.events_count", endpoint.draft.filter.events.len(), &[]),
            wellbeing: Wellbeing::of(&endpoint, frame.t, &timezone),
            url: endpoint.draft.url.masked(),
            name: endpoint.draft.name,
            bars,
            day: sentence,
            latency: latency.unwrap_or_default(),
        });
    }
    let page = ListPage { frame, tabs: TABS, tab: "/endpoints", rows };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

async fn begin(me: Admin, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    std::future::ready(render(StatusCode::OK, &me, &state, None, endpoint_form::fresh(), None)).await
}

async fn create(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let parsed = endpoint_form::parse(&mut form, &[], &allow_list(&state)).filter(|_| form.is_clean());
    if let Some((draft, headers)) = parsed {
        let secret = signature::generate(draft.signing);
        match state.store.create_endpoint(&state.vault, draft, &headers, secret).await {
            Ok(endpoint) => {
                state.store.note(me.0.author(), "endpoint.created", "endpoint", endpoint.id.0).await?;
                return Ok(frame::go_to(&format!("/settings/webhooks/endpoints/{}?told=added", endpoint.id)));
            }
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, None, form, None)
}

async fn show(me: Admin, asked: Asked, id: Id<EndpointId>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let (endpoint, keys) = open(&state, id.0).await?;
    let form = endpoint_form::filled(&endpoint, &keys.headers);
    let existing = existing(&me, &state, &endpoint, &keys).await?;
    render(StatusCode::OK, &me, &state, Some((&endpoint, existing)), form, asked.told.as_deref())
}

async fn save(me: Admin, id: Id<EndpointId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let (endpoint, keys) = open(&state, id.0).await?;
    let mut form = posted.0;
    let parsed = endpoint_form::parse(&mut form, &keys.headers, &allow_list(&state)).filter(|_| form.is_clean());
    if let Some((draft, headers)) = parsed {
        match change(&me, &state, id.0, draft, &headers, endpoint.draft.signing).await {
            Ok(()) => return Ok(frame::go_to(&format!("/settings/webhooks/endpoints/{}?told=saved", id.0))),
            Err(AppError::Store(error)) => beside_its_field(&mut form, error)?,
            Err(error) => return Err(error),
        }
    }
    let existing = existing(&me, &state, &endpoint, &keys).await?;
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, Some((&endpoint, existing)), form, None)
}

/// Saves a draft; another kind of signature needs another secret.
async fn change(
    me: &Admin,
    state: &AppState,
    id: EndpointId,
    draft: crate::domain::endpoint::EndpointDraft,
    headers: &[CustomHeader],
    before: Signing,
) -> Result<(), AppError> {
    let signing = draft.signing;
    state.store.update_endpoint(&state.vault, id, draft, Some(headers)).await?;
    if signing != before {
        state.store.rotate_secret(&state.vault, id, signature::generate(signing)).await?;
    }
    state.store.note(me.0.author(), "endpoint.changed", "endpoint", id.0).await?;
    Ok(())
}

async fn reveal(me: Admin, id: Id<EndpointId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let (endpoint, keys) = open(&state, id.0).await?;
    let mut shown = existing(&me, &state, &endpoint, &keys).await?;
    let email = &me.0.agent.email;
    let stored = state.store.password_hash_of(me.0.agent.id).await?;
    let right = match state.gate.enter(email, me.0.address, state.store.clock().now().steady) {
        Ok(()) => state.gate.verify(stored, posted.0.value("password").to_owned()).await,
        Err(closed) => Err(closed),
    };
    let status = match right {
        Ok(true) => {
            state.gate.password_was_right(email, me.0.address);
            state.store.note(me.0.author(), "endpoint.secret_revealed", "endpoint", id.0.0).await?;
            shown.revealed = keys.secrets.first().map(signature::verifier_text);
            StatusCode::OK
        }
        Ok(false) => {
            shown.reveal_refused = Some("form.password_wrong");
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Err(_) => {
            shown.reveal_refused = Some("login.slowly");
            StatusCode::TOO_MANY_REQUESTS
        }
    };
    let form = endpoint_form::filled(&endpoint, &keys.headers);
    render(status, &me, &state, Some((&endpoint, shown)), form, None)
}

async fn rotate(me: Admin, id: Id<EndpointId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let signing = state.store.endpoint(id.0).await?.draft.signing;
    state.store.rotate_secret(&state.vault, id.0, signature::generate(signing)).await?;
    state.store.note(me.0.author(), "endpoint.secret_rotated", "endpoint", id.0.0).await?;
    Ok(frame::go_to(&format!("/settings/webhooks/endpoints/{}?told=rotated#secret", id.0)))
}

async fn recover(me: Admin, id: Id<EndpointId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.begin_resending(Wanted::recovery(id.0, Timestamp::from_ms(0)), Some(me.0.author())).await?;
    Ok(frame::go_to("/settings/webhooks/resendings?told=recovered"))
}

async fn archive(me: Admin, id: Id<EndpointId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.archive_endpoint(id.0).await?;
    state.store.note(me.0.author(), "endpoint.archived", "endpoint", id.0.0).await?;
    Ok(frame::go_to("/settings/webhooks/endpoints?told=archived"))
}

async fn open(state: &AppState, id: EndpointId) -> Result<(Endpoint, Keys), AppError> {
    let endpoint = state.store.endpoint(id).await?;
    if endpoint.archived_at.is_some() {
        return Err(AppError::NotFound);
    }
    let keys = state.store.endpoint_keys(&state.vault).await?.remove(&id).unwrap_or_default();
    Ok((endpoint, keys))
}

async fn existing(me: &Admin, state: &AppState, endpoint: &Endpoint, keys: &Keys) -> Result<Existing, AppError> {
    let t = crate::i18n::Texts::for_locale(me.0.locale);
    let day = state.store.endpoint_day(endpoint.id, state.store.clock().now().wall).await?;
    Ok(Existing {
        id: endpoint.id,
        wellbeing: Wellbeing::of(endpoint, t, &timezone(state)),
        concern: endpoint.draft.url.concern(&allow_list(state)).map(endpoint_form::concern_text),
        secret_hint: keys.secrets.first().map(masked).unwrap_or_default(),
        revealed: None,
        reveal_refused: None,
        held: if day.held > 0 { t.count("settings.webhooks.held", day.held, &[]) } else { String::new() },
    })
}

/// The kind of a secret and its last four characters.
fn masked(secret: &Secret) -> String {
    let text = signature::verifier_text(secret);
    let kind = text.split_inclusive('_').next().unwrap_or_default();
    let last: Vec<char> = text.chars().rev().take(4).collect();
    format!("{kind}••••••••••••{}", last.into_iter().rev().collect::<String>())
}

fn timezone(state: &AppState) -> String {
    state.store.directory().organisation.as_ref().map(|organisation| organisation.timezone.clone()).unwrap_or_default()
}

fn render(
    status: StatusCode,
    me: &Admin,
    state: &AppState,
    endpoint: Option<(&Endpoint, Existing)>,
    form: Form,
    told: Option<&str>,
) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "webhooks").telling(told);
    let directory = state.store.directory();
    let mut sites: Vec<_> =
        directory.sites.values().filter(|site| site.archived_at.is_none()).map(|site| (site.id.to_string(), site.name.clone())).collect();
    let mut tags: Vec<_> =
        directory.tags.values().filter(|tag| tag.archived_at.is_none()).map(|tag| (tag.id.to_string(), tag.name.clone())).collect();
    sites.sort_by_key(|(_, name)| name.to_lowercase());
    tags.sort_by_key(|(_, name)| name.to_lowercase());
    let subscribable = EventType::ALL.iter().copied().filter(|event| *event != EventType::WebhookTest);
    let (known, existing) = endpoint.unzip();
    let page = EditPage {
        heading: known.map_or_else(|| frame.t.text("settings.webhooks.new").to_owned(), |endpoint| endpoint.draft.name.clone()),
        action: known
            .map_or_else(|| "/settings/webhooks/endpoints".to_owned(), |endpoint| format!("/settings/webhooks/endpoints/{}", endpoint.id)),
        submit: if known.is_some() { "settings.save" } else { "settings.webhooks.create" },
        email: me.0.agent.email.clone(),
        existing,
        form,
        events: subscribable.map(|event| (event.as_str().to_owned(), frame.t.text(&name_key(event)).to_owned())).collect(),
        sites,
        departments: departments::in_use(&directory),
        tags,
        enrich_fields: told::fields(frame.t),
        frame,
    };
    frame::page(status, &page.frame.nonce, &page)
}
