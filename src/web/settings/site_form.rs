//! A site's form: from a site, to a site, and a fresh one.

use rand::Rng as _;
use url::Url;

use super::choices;
use crate::domain::color::Color;
use crate::domain::host::{self, HOSTS_MAX};
use crate::domain::site::{Consent, Field, Fields, LocationMode, Site};
use crate::domain::text::NAME_LENGTH_MAX;
use crate::i18n::Locale;
use crate::web::form::Form;

/// Letters of a site's key: long enough that nobody meets another's by chance. It is public.
const KEY_LENGTH: usize = 12;
const GREETING_LENGTH_MAX: usize = 300;
const LABEL_LENGTH_MAX: usize = 40;
const CONSENT_LENGTH_MAX: usize = 2_000;
const URL_LENGTH_MAX: usize = 500;
const RECIPIENTS_LENGTH_MAX: usize = 200;
/// Ten years.
const KEEP_DAYS_MAX: i64 = 3_650;

/// A site as it begins, in this language; the default department is the caller's to set.
#[must_use]
pub fn fresh(locale: Locale, host: Option<String>) -> Site {
    Site { allowed_domains: host.into_iter().collect(), locale: locale.tag().to_owned(), ..Site::new(&fresh_key()) }
}

fn fresh_key() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut rng = rand::rng();
    (0..KEY_LENGTH).filter_map(|_| LETTERS.get(rng.random_range(0..LETTERS.len()))).map(|letter| char::from(*letter)).collect()
}

/// What the form shows of a site.
#[must_use]
pub fn filled(site: &Site) -> Form {
    let mut form = Form::filled([
        ("name", site.name.as_str()),
        ("allowed_domains", &site.allowed_domains.join("\n")),
        ("default_department", &site.default_department.to_string()),
        ("locale", &site.locale),
        ("color", &site.color),
        ("position", &site.position),
        ("theme", &site.theme),
        ("title", &site.title),
        ("greeting", &site.greeting),
        ("label", &site.label),
        ("field_name", site.fields.name.as_str()),
        ("field_email", site.fields.email.as_str()),
        ("field_phone", site.fields.phone.as_str()),
        ("field_message", site.fields.message.as_str()),
        ("field_department", site.fields.department.as_str()),
        ("consent", site.consent.as_ref().map(|consent| consent.text.as_str()).unwrap_or_default()),
        ("privacy_url", site.privacy_url.as_deref().unwrap_or_default()),
        ("location", site.location.as_str()),
        ("location_recipients", &site.location_recipients),
        ("location_keep_days", &site.location_keep_days.to_string()),
    ]);
    if site.marketing {
        form.add("marketing", "on");
    }
    form
}

/// What the form says, over `before`, which gives id and key.
pub fn parse(form: &mut Form, before: &Site) -> Site {
    let location = form.choice("location", LocationMode::parse, LocationMode::Off);
    let recipients = form.line_or_none("location_recipients", RECIPIENTS_LENGTH_MAX).unwrap_or_default();
    if location != LocationMode::Off && recipients.is_empty() {
        form.refuse("location_recipients", "settings.sites.location_recipients_missing");
    }
    let mut field = |name: &str| form.choice(name, Field::parse, Field::Off);
    let fields = Fields {
        name: field("field_name"),
        email: field("field_email"),
        phone: field("field_phone"),
        message: field("field_message"),
        department: field("field_department"),
    };
    let side = |word: &str| ["right", "left"].into_iter().find(|side| *side == word);
    Site {
        id: before.id,
        key: before.key.clone(),
        name: form.line("name", NAME_LENGTH_MAX),
        default_department: form.choice("default_department", |id| id.parse().ok(), before.default_department),
        allowed_domains: domains(form),
        locale: if form.value("locale") == "auto" { "auto".to_owned() } else { choices::locale(form, "locale").tag().to_owned() },
        color: color(form).to_string(),
        position: form.choice("position", side, "right").to_owned(),
        theme: choices::theme(form, "theme"),
        title: form.line_or_none("title", NAME_LENGTH_MAX).unwrap_or_default(),
        greeting: form.paragraph("greeting", GREETING_LENGTH_MAX).unwrap_or_default(),
        label: form.line_or_none("label", LABEL_LENGTH_MAX).unwrap_or_default(),
        fields,
        consent: form.paragraph("consent", CONSENT_LENGTH_MAX).map(|text| Consent { version: 0, text }),
        privacy_url: privacy_url(form),
        marketing: form.ticked("marketing"),
        location,
        location_recipients: recipients,
        location_keep_days: i32::try_from(form.number("location_keep_days", 1, KEEP_DAYS_MAX)).unwrap_or(30),
        archived_at: before.archived_at,
    }
}

/// One host per line, or parted by commas; each once.
fn domains(form: &mut Form) -> Vec<String> {
    let typed = form.value("allowed_domains").to_owned();
    let mut found: Vec<String> = Vec::new();
    for part in typed.split(['\n', ',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
        match host::parse_allowed(part) {
            Some(host) if found.contains(&host) => {}
            Some(host) => found.push(host),
            None => form.refuse("allowed_domains", "form.domain_malformed"),
        }
    }
    if found.len() > HOSTS_MAX {
        form.refuse("allowed_domains", "form.domains_many");
    }
    found
}

fn privacy_url(form: &mut Form) -> Option<String> {
    let typed = form.line_or_none("privacy_url", URL_LENGTH_MAX)?;
    match Url::parse(&typed) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url.into()),
        Ok(_) | Err(_) => {
            form.refuse("privacy_url", "form.url_malformed");
            None
        }
    }
}

fn color(form: &mut Form) -> Color {
    Color::parse(form.value("color")).unwrap_or_else(|| {
        form.refuse("color", "form.color_malformed");
        Color::default()
    })
}
