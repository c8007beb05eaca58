//! One endpoint's page: its health, a test, its form, its secret; and the page that makes one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use super::health::{self, Bar, Reading, Wellbeing};
use super::secret::SecretPart;
use super::verdict::Verdict;
use super::{Alarm, endpoint_form, recover, timezone, told};
use crate::domain::endpoint::headers::CustomHeader;
use crate::domain::endpoint::secret::Signing;
use crate::domain::endpoint::{Endpoint, EndpointDraft};
use crate::domain::event_type::EventType;
use crate::domain::ids::{DeliveryId, EndpointId};
use crate::i18n::Texts;
use crate::store::deliveries::health::Day;
use crate::store::endpoints::Keys;
use crate::web::addresses::{Addresses, get, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::settings::{beside_its_field, departments};
use crate::web::state::AppState;
use crate::webhooks::signature;
use crate::wire::catalogue::name_key;

/// What a page about an endpoint that exists shows beside its form.
pub(super) struct Existing {
    pub id: EndpointId,
    pub wellbeing: Wellbeing,
    /// Why it is disabled, or that it will be.
    pub alarm: Option<Alarm>,
    /// Something about its address.
    pub concern: Option<&'static str>,
    pub bars: Vec<Bar>,
    pub day: String,
    pub figures: Vec<(&'static str, String)>,
    pub held: String,
    pub is_live: bool,
    /// What was typed into the form that recovers.
    pub recovery: Form,
    /// What a test came to.
    pub verdict: Option<Verdict>,
    pub secret: SecretPart,
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
    headers: Vec<(String, String)>,
    events: Vec<(String, String)>,
    sites: Vec<(String, String)>,
    departments: Vec<(String, String)>,
    tags: Vec<(String, String)>,
    enrich_fields: Vec<(&'static str, String)>,
}
framed!(EditPage);

/// What a redirect to the page says.
#[derive(Debug, Default, Deserialize)]
struct Said {
    told: Option<String>,
    /// The delivery that a test was.
    tested: Option<String>,
}

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table
        .route("/settings/webhooks/endpoints", post(create))
        .route("/settings/webhooks/endpoints/new", get(begin))
        .route("/settings/webhooks/endpoints/{id}", get(show))
        .route("/settings/webhooks/endpoints/{id}", post(save))
        .route("/settings/webhooks/endpoints/{id}/archive", post(archive));
}

async fn begin(me: Admin, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    std::future::ready(render(StatusCode::OK, &me, &state, None, endpoint_form::fresh(), None)).await
}

async fn create(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let parsed = endpoint_form::parse(&mut form, &[], &state).filter(|_| form.is_clean());
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

async fn show(me: Admin, said: Query<Said>, id: Id<EndpointId>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let known = Known::open(&state, id.0).await?;
    let mut existing = known.existing(&me, &state);
    if let Some(tested) = said.tested.as_deref().and_then(|id| id.parse().ok()) {
        existing.verdict = verdict(&state, &me, id.0, tested).await?;
    }
    known.answer(StatusCode::OK, &me, &state, existing, said.told.as_deref())
}

/// What a test of this endpoint came to.
async fn verdict(state: &AppState, me: &Admin, endpoint: EndpointId, tested: DeliveryId) -> Result<Option<Verdict>, AppError> {
    let t = Texts::for_locale(me.0.locale);
    let is_its_own = state.store.delivery(tested).await.is_ok_and(|detail| detail.test && detail.delivery.endpoint == endpoint);
    if is_its_own { super::tests::verdict(state, tested, t).await.map(Some) } else { Ok(None) }
}

async fn save(me: Admin, id: Id<EndpointId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let known = Known::open(&state, id.0).await?;
    let mut form = posted.0;
    let parsed = endpoint_form::parse(&mut form, &known.keys.headers, &state).filter(|_| form.is_clean());
    if let Some((draft, headers)) = parsed {
        match change(&me, &state, id.0, draft, &headers, known.endpoint.draft.signing).await {
            Ok(()) => return Ok(frame::go_to(&format!("/settings/webhooks/endpoints/{}?told=saved", id.0))),
            Err(AppError::Store(error)) => beside_its_field(&mut form, error)?,
            Err(error) => return Err(error),
        }
    }
    let existing = known.existing(&me, &state);
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, Some((&known.endpoint, existing)), form, None)
}

/// Saves a draft; another kind of signature needs another secret.
async fn change(
    me: &Admin,
    state: &AppState,
    id: EndpointId,
    draft: EndpointDraft,
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

async fn archive(me: Admin, id: Id<EndpointId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.archive_endpoint(id.0).await?;
    state.store.note(me.0.author(), "endpoint.archived", "endpoint", id.0.0).await?;
    Ok(frame::go_to("/settings/webhooks/endpoints?told=archived"))
}

/// The page after one test too many.
pub(super) async fn too_many_tests(status: StatusCode, me: &Admin, id: EndpointId, state: &AppState) -> Result<HttpResponse, AppError> {
    let known = Known::open(state, id).await?;
    let mut existing = known.existing(me, state);
    existing.verdict = Some(Verdict::refused(Texts::for_locale(me.0.locale), "settings.webhooks.test_slowly"));
    known.answer(status, me, state, existing, None)
}

/// An endpoint in use, with everything that its page is made of.
pub(super) struct Known {
    pub endpoint: Endpoint,
    pub keys: Keys,
    day: Day,
    timezone: String,
}

impl Known {
    pub async fn open(state: &AppState, id: EndpointId) -> Result<Self, AppError> {
        let endpoint = state.store.endpoint(id).await?;
        if endpoint.archived_at.is_some() {
            return Err(AppError::NotFound);
        }
        let keys = state.store.endpoint_keys(&state.vault).await?.remove(&id).unwrap_or_default();
        let day = state.store.endpoint_days(vec![id], state.store.clock().now().wall).await?.remove(&id).unwrap_or_default();
        Ok(Self { endpoint, keys, day, timezone: timezone(state) })
    }

    pub fn existing(&self, me: &Admin, state: &AppState) -> Existing {
        let (endpoint, day) = (&self.endpoint, &self.day);
        let t = Texts::for_locale(me.0.locale);
        let reading = Reading { t, timezone: &self.timezone, now: state.store.clock().now() };
        Existing {
            id: endpoint.id,
            wellbeing: Wellbeing::of(endpoint, day, state.board.of(endpoint.id), reading),
            alarm: Alarm::of(endpoint, reading),
            concern: state.concern(&endpoint.draft.url).map(endpoint_form::concern_text),
            bars: health::bars(day),
            day: health::sentence(day, t),
            figures: health::figures(day, reading),
            held: health::held(day, t),
            is_live: endpoint.is_live(),
            recovery: recover::suggested(endpoint, day, reading),
            verdict: None,
            secret: SecretPart::of(&self.keys, reading),
        }
    }

    pub fn answer(
        &self,
        status: StatusCode,
        me: &Admin,
        state: &AppState,
        existing: Existing,
        told: Option<&str>,
    ) -> Result<HttpResponse, AppError> {
        let form = endpoint_form::filled(&self.endpoint, &self.keys.headers);
        render(status, me, state, Some((&self.endpoint, existing)), form, told)
    }
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
        headers: endpoint_form::header_rows(&form),
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
