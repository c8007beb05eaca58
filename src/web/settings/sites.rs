//! The pages of sites: where a widget appears, how it looks, what it asks, and the tag to paste.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::choices::{self, Choice, Keyed, THEMES};
use super::{Asked, beside_its_field, departments, site_form};
use crate::domain::color::{Brand, Color};
use crate::domain::ids::SiteId;
use crate::domain::site::Site;
use crate::i18n::Locale;
use crate::web::addresses::{Addresses, get, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::state::AppState;

const POSITIONS: &[Keyed] = &[("right", "settings.sites.position_right"), ("left", "settings.sites.position_left")];
const WISHES: &[Keyed] = &[("required", "settings.sites.required"), ("optional", "settings.sites.optional"), ("off", "settings.sites.off")];
const FIELDS: &[Keyed] = &[
    ("field_name", "settings.sites.field_name"),
    ("field_email", "settings.sites.field_email"),
    ("field_phone", "settings.sites.field_phone"),
    ("field_message", "settings.sites.field_message"),
    ("field_department", "settings.sites.field_department"),
];
/// Mode, key of its name, key of what it means.
const LOCATION_MODES: [(&str, &str, &str); 3] = [
    ("queue", "settings.sites.location_queue", "settings.sites.location_queue_hint"),
    ("request", "settings.sites.location_request", "settings.sites.location_request_hint"),
    ("off", "settings.sites.location_off", "settings.sites.location_off_hint"),
];

struct Row {
    id: SiteId,
    key: String,
    name: String,
    color: Color,
    domains: String,
    department: String,
}

#[derive(Template)]
#[template(path = "settings/sites/index.html")]
struct ListPage {
    frame: Frame,
    sites: Vec<Row>,
    archived: Vec<Row>,
    archived_text: String,
}
framed!(ListPage);

#[derive(Template)]
#[template(path = "settings/sites/edit.html")]
struct EditPage {
    frame: Frame,
    heading: String,
    action: String,
    submit: &'static str,
    id: Option<SiteId>,
    archived: bool,
    form: Form,
    departments: Vec<Choice>,
    locales: Vec<Choice>,
    positions: &'static [Keyed],
    themes: &'static [Keyed],
    fields: &'static [Keyed],
    wishes: &'static [Keyed],
    location_modes: [(&'static str, &'static str, &'static str); 3],
    consent_version: Option<i32>,
    sample: Brand,
}
framed!(EditPage);

#[derive(Template)]
#[template(path = "settings/sites/tag.html")]
struct TagPage {
    frame: Frame,
    site_id: SiteId,
    name: String,
    tag: String,
    origin: String,
    domains: String,
}
framed!(TagPage);

#[derive(Template)]
#[template(path = "setup/done.html")]
struct ReadyPage {
    frame: Frame,
    site_id: SiteId,
    tag: String,
    domains: String,
}
framed!(ReadyPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table
        .route("/settings/sites", get(list))
        .route("/settings/sites", post(create))
        .route("/settings/sites/new", get(begin))
        .route("/settings/sites/{id}", get(show))
        .route("/settings/sites/{id}", post(save))
        .route("/settings/sites/{id}/tag", get(show_tag))
        .route("/settings/sites/{id}/ready", get(show_ready))
        .route("/settings/sites/{id}/archive", post(archive))
        .route("/settings/sites/{id}/restore", post(restore));
}

async fn list(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let directory = state.store.directory();
    let mut all: Vec<&Site> = directory.sites.values().collect();
    all.sort_by_key(|site| (site.name.to_lowercase(), site.id));
    let row = |site: &&Site| Row {
        id: site.id,
        key: site.key.clone(),
        name: site.name.clone(),
        color: Color::parse(&site.color).unwrap_or_default(),
        domains: site.allowed_domains.join(", "),
        department: directory.department_name(site.default_department).to_owned(),
    };
    let sites: Vec<Row> = all.iter().filter(|site| site.archived_at.is_none()).map(row).collect();
    let archived: Vec<Row> = all.iter().filter(|site| site.archived_at.is_some()).map(row).collect();
    let frame = Frame::settings(&me.0.agent, me.0.locale, "sites").telling(asked.told.as_deref());
    let archived_text = frame.t.count("settings.sites.archived", archived.len(), &[]);
    let page = ListPage { frame, sites, archived, archived_text };
    std::future::ready(frame::page(StatusCode::OK, &page.frame.nonce, &page)).await
}

async fn begin(me: Admin, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let directory = state.store.directory();
    let locale = directory.organisation.as_ref().and_then(|organisation| Locale::parse(&organisation.locale)).unwrap_or(me.0.locale);
    let form = site_form::filled(&site_form::fresh(locale, None));
    std::future::ready(render(StatusCode::OK, &me, &state, None, form, None)).await
}

async fn show(me: Admin, asked: Asked, id: Id<SiteId>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let site = site_of(&state, id.0)?;
    let form = site_form::filled(&site);
    std::future::ready(render(StatusCode::OK, &me, &state, Some(&site), form, asked.told.as_deref())).await
}

async fn create(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let site = site_form::parse(&mut form, &site_form::fresh(me.0.locale, None));
    let id = site.id;
    if form.is_clean() {
        match state.store.create_site(site, me.0.author()).await {
            Ok(()) => return Ok(frame::go_to(&format!("/settings/sites/{id}/tag?told=added"))),
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, None, form, None)
}

async fn save(me: Admin, id: Id<SiteId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let before = site_of(&state, id.0)?;
    let mut form = posted.0;
    let site = site_form::parse(&mut form, &before);
    if form.is_clean() {
        match state.store.change_site(site, me.0.author()).await {
            Ok(()) => return Ok(frame::go_to("/settings/sites?told=saved")),
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, Some(&before), form, None)
}

async fn archive(me: Admin, id: Id<SiteId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.archive_site(id.0, me.0.author()).await?;
    Ok(frame::go_to("/settings/sites?told=archived"))
}

async fn restore(me: Admin, id: Id<SiteId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let Err(error) = state.store.restore_site(id.0, me.0.author()).await else {
        return Ok(frame::go_to("/settings/sites?told=restored"));
    };
    let site = site_of(&state, id.0)?;
    let mut form = site_form::filled(&site);
    beside_its_field(&mut form, error)?;
    render(StatusCode::CONFLICT, &me, &state, Some(&site), form, None)
}

async fn show_tag(me: Admin, asked: Asked, id: Id<SiteId>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let site = site_of(&state, id.0)?;
    let page = TagPage {
        frame: Frame::settings(&me.0.agent, me.0.locale, "sites").telling(asked.told.as_deref()),
        site_id: site.id,
        tag: tag_of(&state, &site),
        origin: state.config.public_url.origin().ascii_serialization(),
        domains: site.allowed_domains.join(", "),
        name: site.name,
    };
    std::future::ready(frame::page(StatusCode::OK, &page.frame.nonce, &page)).await
}

async fn show_ready(me: Admin, id: Id<SiteId>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let site = site_of(&state, id.0)?;
    let page = ReadyPage {
        frame: Frame::signed_out(me.0.locale),
        site_id: site.id,
        tag: tag_of(&state, &site),
        domains: site.allowed_domains.join(", "),
    };
    std::future::ready(frame::page(StatusCode::OK, &page.frame.nonce, &page)).await
}

fn site_of(state: &AppState, id: SiteId) -> Result<Site, AppError> {
    state.store.directory().sites.get(&id).cloned().ok_or(AppError::NotFound)
}

/// The one line to paste.
fn tag_of(state: &AppState, site: &Site) -> String {
    let origin = state.config.public_url.origin().ascii_serialization();
    format!(r#"<script async src="{origin}/widget.js" data-site="{}"></script>"#, site.key)
}

fn render(
    status: StatusCode,
    me: &Admin,
    state: &AppState,
    site: Option<&Site>,
    form: Form,
    told: Option<&str>,
) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "sites").telling(told);
    let page = EditPage {
        heading: site.map_or_else(|| frame.t.text("settings.sites.new").to_owned(), |site| site.name.clone()),
        action: site.map_or_else(|| "/settings/sites".to_owned(), |site| format!("/settings/sites/{}", site.id)),
        submit: if site.is_some() { "settings.save" } else { "settings.sites.create" },
        id: site.map(|site| site.id),
        archived: site.is_some_and(|site| site.archived_at.is_some()),
        departments: departments::in_use(&state.store.directory()),
        locales: choices::locales_or_auto(frame.t),
        positions: POSITIONS,
        themes: THEMES,
        fields: FIELDS,
        wishes: WISHES,
        location_modes: LOCATION_MODES,
        consent_version: site.and_then(|site| site.consent.as_ref()).map(|consent| consent.version),
        sample: Color::parse(form.value("color")).unwrap_or_default().brand(),
        form,
        frame,
    };
    frame::page(status, &page.frame.nonce, &page)
}
