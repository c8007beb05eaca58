//! The widget: the loader, a site's look, and the page inside the frame.
//!
//! The frame may stand only on the site's own domains, which its `frame-ancestors` say; a site without domains shows nowhere.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::addresses::{Addresses, get};
use super::assets::Assets;
use super::error::{self, AppError};
use super::packing::packed;
use super::state::AppState;
use crate::domain::color::Color;
use crate::domain::site::Site;
use crate::i18n::{Locale, Texts};
use crate::wire::views::department_states;

/// Seconds that a browser may keep the loader and a site's look.
const LOADER_CACHE: &str = "public, max-age=300";

#[derive(Template)]
#[template(path = "widget/frame.html")]
struct FramePage<'a> {
    lang: &'static str,
    site: FrameSite<'a>,
    assets: Assets,
    /// The path of the script that has the texts of this language.
    script: String,
    config_json: String,
    branding: bool,
    by: &'a str,
}

struct FrameSite<'a> {
    theme: &'a str,
    title: &'a str,
}

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/widget.js", get(loader)).route("/widget/{key}/look.js", get(look)).route("/widget/{key}", get(frame));
}

async fn loader(request: HttpRequest) -> Result<HttpResponse, AppError> {
    let asset = Assets.file("widget/loader.js").ok_or(AppError::NotFound)?;
    let mut answer = asset.answer(&request, LOADER_CACHE);
    answer.headers_mut().insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    Ok(answer)
}

/// The language of a site's widget: its own, or the browser's where it says `auto`.
fn locale_of(site: &Site, request: &HttpRequest) -> Locale {
    Locale::parse(&site.locale).unwrap_or_else(|| error::locale(request))
}

/// `https://shop.example` or `http://localhost:8081` patterns for an allowed domain. Only loopback and names of this machine may be plain http.
fn origins(site: &Site) -> Vec<String> {
    site.allowed_domains
        .iter()
        .flat_map(|domain| {
            let host = domain.split(':').next().unwrap_or_default();
            let local = host == "localhost" || host.ends_with(".localhost") || host.parse::<std::net::IpAddr>().is_ok();
            let secure = format!("https://{domain}");
            if local { vec![secure, format!("http://{domain}")] } else { vec![secure] }
        })
        .collect()
}

/// Whether the browser says that a page outside the site's domains asks. Browsers may say nothing; `frame-ancestors` holds all the same.
fn names_foreign_domain(request: &HttpRequest, site: &Site, state: &AppState) -> bool {
    let Some(referrer) = request.headers().get(header::REFERER).and_then(|value| value.to_str().ok()) else { return false };
    let Ok(page) = url::Url::parse(referrer) else { return false };
    let host = match (page.host_str(), page.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return false,
    };
    !site.allows(&host) && page.origin() != state.config.public_url.origin()
}

async fn look(request: HttpRequest, key: Path<String>, state: Data<AppState>) -> HttpResponse {
    let directory = state.store.directory();
    let script = |value: serde_json::Value| {
        let json = value.to_string().replace('<', "\\u003c");
        let mut response = packed(&request, "text/javascript; charset=utf-8", format!("Papo._look({json})"));
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::VARY, HeaderValue::from_static("Referer, Accept-Language, Accept-Encoding"));
        headers.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        response
    };
    let Some(site) = directory.site_by_key(&key) else {
        let text = Texts::for_locale(error::locale(&request)).text("error.site_unknown");
        return script(json!({"error": {"code": "site_unknown", "message": text}}));
    };
    let texts = Texts::for_locale(locale_of(site, &request));
    if names_foreign_domain(&request, site, &state) {
        return script(json!({"error": {"code": "domain_not_allowed", "message": texts.text("error.domain_not_allowed")}}));
    }
    let brand = Color::parse(&site.color).map(Color::brand);
    script(json!({
        "color": brand.map_or_else(|| "#0b2230".to_owned(), |brand| brand.background.to_string()),
        "on_color": brand.map_or_else(|| "#f3efe4".to_owned(), |brand| brand.text.to_string()),
        "position": site.position,
        "label": if site.label.is_empty() { texts.text("launcher.label") } else { &site.label },
        "texts": {
            "open": texts.text("launcher.open"),
            "title": texts.text("launcher.title"),
            "dismiss": texts.text("launcher.dismiss"),
            "unread_one": texts.text("launcher.unread_one"),
            "unread_other": texts.text("launcher.unread_other"),
        },
        "frame": format!("/widget/{}", site.key),
        "origins": origins(site),
    }))
}

async fn frame(request: HttpRequest, key: Path<String>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let directory = state.store.directory();
    let site = directory.site_by_key(&key).ok_or(AppError::SiteUnknown)?;
    if names_foreign_domain(&request, site, &state) {
        return Err(AppError::DomainNotAllowed);
    }
    let locale = locale_of(site, &request);
    let texts = Texts::for_locale(locale);
    let loads = state.store.loads();
    let departments = department_states(&directory, &loads, state.store.clock().now());
    let host_origins = origins(site);
    let page = FramePage {
        lang: locale.tag(),
        site: FrameSite { theme: &site.theme, title: if site.title.is_empty() { texts.text("launcher.title") } else { &site.title } },
        assets: Assets,
        script: format!("widget/joined/{}.js", locale.tag()),
        config_json: config(site, &state, &departments, &host_origins).to_string().replace('<', "\\u003c"),
        branding: true,
        by: texts.text("widget.by"),
    };
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "the widget's page could not be rendered");
        AppError::Template
    })?;
    let ancestors = if host_origins.is_empty() { "'none'".to_owned() } else { host_origins.join(" ") };
    let socket = state.config.socket_link("");
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' {socket}; base-uri 'none'; form-action 'none'; \
         frame-ancestors {ancestors}"
    );
    let mut response = packed(&request, "text/html; charset=utf-8", html);
    let headers = [
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().map_err(|_invalid| AppError::Template)?);
    }
    Ok(response)
}

fn config(
    site: &Site,
    state: &AppState,
    departments: &[crate::wire::views::DepartmentState],
    host_origins: &[String],
) -> serde_json::Value {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let brand = Color::parse(&site.color).map(Color::brand);
    let grace = state.store.directory().departments.get(&site.default_department).map_or(60, |department| department.limits.grace_seconds);
    json!({
        "site": {
            "key": site.key,
            "name": site.name,
            "title": given(&site.title),
            "greeting": given(&site.greeting),
            "color": brand.map(|brand| brand.background.to_string()),
            "on_color": brand.map(|brand| brand.text.to_string()),
        },
        "fields": {
            "name": site.fields.name.as_str(),
            "email": site.fields.email.as_str(),
            "phone": site.fields.phone.as_str(),
            "message": site.fields.message.as_str(),
            "department": site.fields.department.as_str(),
        },
        "default_department_id": site.default_department.to_string(),
        "departments": departments,
        "consent": site.consent.as_ref().map(|consent| json!({"text": consent.text, "version": consent.version, "url": site.privacy_url})),
        "marketing": site.marketing,
        "location": {"mode": site.location.as_str(), "recipients": site.location_recipients, "keep_days": site.location_keep_days},
        "ws_url": state.config.socket_link("/ws/visitor"),
        "host_origins": host_origins,
        "grace_seconds": grace,
    })
}
