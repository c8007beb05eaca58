//! What every server-rendered page has around it: language, texts, assets, the reader, the settings' menu; and the headers it goes out with.
//!
//! Pages hold a [`Frame`] and deref to it, so that layouts find its fields. Knows no page.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use askama::Template;

use super::error::AppError;
use crate::auth::token::Token;
use crate::domain::agent::{Agent, Role};
use crate::i18n::{Locale, Texts};

pub use super::assets::Assets;

/// The path below `/settings/` and the key of its name.
type Section = (&'static str, &'static str);

/// Everybody's own page.
const OWN: &[Section] = &[("account", "settings.account.title")];
/// The pages of admins.
const ALL: &[Section] = &[
    ("organisation", "settings.organisation.title"),
    ("agents", "settings.agents.title"),
    ("departments", "settings.departments.title"),
    ("sites", "settings.sites.title"),
    ("tags", "settings.tags.title"),
    ("webhooks", "settings.webhooks.title"),
    ("tokens", "settings.tokens.title"),
    ("account", "settings.account.title"),
];

/// The reader, as the rail shows them.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub name: String,
    pub initials: String,
    pub role: &'static str,
    pub theme: String,
}

/// The fields that layouts read.
pub struct Frame {
    pub lang: &'static str,
    pub t: &'static Texts,
    pub assets: Assets,
    pub nonce: String,
    pub agent: Person,
    /// The rail's current item.
    pub section: &'static str,
    pub sections: &'static [Section],
    /// The settings menu's current item.
    pub part: &'static str,
    /// The key of what was just done.
    pub told: Option<&'static str>,
    pub texts_json: String,
}

impl Frame {
    /// For a page before anybody is signed in.
    #[must_use]
    pub fn signed_out(locale: Locale) -> Self {
        let t = Texts::for_locale(locale);
        Self {
            lang: locale.tag(),
            t,
            assets: Assets,
            nonce: Token::new().text().to_owned(),
            agent: Person::default(),
            section: "",
            sections: &[],
            part: "",
            told: None,
            texts_json: t.json_of(&["form"]),
        }
    }

    /// For a settings page of `agent`. `part` is its path below `/settings/`.
    #[must_use]
    pub fn settings(agent: &Agent, locale: Locale, part: &'static str) -> Self {
        let t = Texts::for_locale(locale);
        Self {
            agent: Person {
                name: agent.name.clone(),
                initials: initials(&agent.name),
                role: agent.role.as_str(),
                theme: agent.theme.clone(),
            },
            section: "settings",
            sections: if agent.role == Role::Admin { ALL } else { OWN },
            part,
            texts_json: t.json_of(&["form", "console"]),
            ..Self::signed_out(locale)
        }
    }

    /// With a word on what was just done, from the query of a redirect.
    #[must_use]
    pub fn telling(mut self, word: Option<&str>) -> Self {
        self.told = word.and_then(told);
        self
    }
}

/// The key of what a redirect says was done; unknown words say nothing.
fn told(word: &str) -> Option<&'static str> {
    Some(match word {
        "saved" => "settings.saved",
        "added" => "settings.added",
        "archived" => "settings.archived",
        "restored" => "settings.restored",
        "revoked" => "settings.revoked",
        "rotated" => "settings.webhooks.rotated",
        "recovered" => "settings.webhooks.recovered",
        "tested" => "settings.webhooks.tested",
        "resent" => "settings.webhooks.resent",
        "resending" => "deliveries.begun",
        "password" => "settings.account.password_changed",
        _ => return None,
    })
}

/// First letters of the first and the last word of a name.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// Lets a page be asked for the fields of its frame.
macro_rules! framed {
    ($page:ty) => {
        impl std::ops::Deref for $page {
            type Target = $crate::web::frame::Frame;

            fn deref(&self) -> &Self::Target {
                &self.frame
            }
        }
    };
}
pub(crate) use framed;

/// A page as an answer: nobody may frame or keep it, and only our own files and the marked import map run in it.
///
/// # Errors
/// A template that can't be rendered.
pub fn page(status: StatusCode, nonce: &str, template: &impl Template) -> Result<HttpResponse, AppError> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        AppError::Template
    })?;
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    Ok(HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(html))
}

/// Goes on to another page of ours after a form was taken.
#[must_use]
pub fn go_to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, path)).insert_header((header::CACHE_CONTROL, "no-store")).finish()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_of_the_first_and_the_last_name() {
        assert_eq!(initials("Marina de Souza Duarte"), "MD");
        assert_eq!(initials("ícaro"), "Í");
        assert_eq!(initials("  "), "");
    }
}
