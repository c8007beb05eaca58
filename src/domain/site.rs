//! Widgets: one per site, with its key, domains, look and form.

use super::ids::{DepartmentId, SiteId};
use super::time::Timestamp;

/// The colour of a new site: jenipapo.
const FRESH_COLOR: &str = "#15465f";

/// Whether the form before a chat asks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Required,
    Optional,
    Off,
}

impl Field {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Off => "off",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Required, Self::Optional, Self::Off].into_iter().find(|field| field.as_str() == word)
    }
}

/// What the form before a chat asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    pub name: Field,
    pub email: Field,
    pub phone: Field,
    pub message: Field,
    pub department: Field,
}

impl Default for Fields {
    fn default() -> Self {
        Self { name: Field::Required, email: Field::Optional, phone: Field::Optional, message: Field::Optional, department: Field::Off }
    }
}

/// When a visitor may share the location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LocationMode {
    /// Offered while waiting, and on the agent's request.
    Queue,
    /// Only on the agent's request.
    Request,
    Off,
}

impl LocationMode {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Request => "request",
            Self::Off => "off",
        }
    }

    /// From the stable word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Queue, Self::Request, Self::Off].into_iter().find(|mode| mode.as_str() == word)
    }
}

/// The consent text in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub version: i32,
    pub text: String,
}

/// A widget. Never deleted; archived instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub id: SiteId,
    /// Public; stands in the tag.
    pub key: String,
    pub name: String,
    pub default_department: DepartmentId,
    /// Origins' hosts that may show the widget: `loja.example`, `*.loja.example`, with `:port` where it isn't the scheme's own. Empty: nobody.
    pub allowed_domains: Vec<String>,
    /// Language tag, or `auto` for the browser's.
    pub locale: String,
    /// `#rrggbb`.
    pub color: String,
    /// `right` or `left`.
    pub position: String,
    /// `auto`, `light` or `dark`.
    pub theme: String,
    pub title: String,
    pub greeting: String,
    /// The words on the launcher.
    pub label: String,
    pub fields: Fields,
    pub consent: Option<Consent>,
    pub privacy_url: Option<String>,
    /// Whether a separate consent to marketing is asked for.
    pub marketing: bool,
    pub location: LocationMode,
    /// Who receives a location, as the consent card says.
    pub location_recipients: String,
    /// Days that a location is kept, as the consent card says.
    pub location_keep_days: i32,
    pub archived_at: Option<Timestamp>,
}

impl Site {
    /// A site as it begins: without a name, shown nowhere yet; the default department is the caller's to set.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self {
            id: SiteId::new(),
            key: key.to_owned(),
            name: String::new(),
            default_department: DepartmentId::default(),
            allowed_domains: Vec::new(),
            locale: "auto".to_owned(),
            color: FRESH_COLOR.to_owned(),
            position: "right".to_owned(),
            theme: "auto".to_owned(),
            title: String::new(),
            greeting: String::new(),
            label: String::new(),
            fields: Fields::default(),
            consent: None,
            privacy_url: None,
            marketing: false,
            location: LocationMode::Off,
            location_recipients: String::new(),
            location_keep_days: 30,
            archived_at: None,
        }
    }

    /// Whether a page at `host` (with `:port` where it isn't the scheme's own) may show the widget.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.allowed_domains.iter().map(|allowed| allowed.to_ascii_lowercase()).any(|allowed| match allowed.strip_prefix("*.") {
            Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            None => allowed == host,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chat::tests::fixture::{SHOP, site};

    fn allowing(domains: &[&str]) -> Site {
        Site { allowed_domains: domains.iter().map(|domain| (*domain).to_owned()).collect(), ..site(SHOP) }
    }

    #[test]
    fn a_site_without_domains_is_shown_nowhere() {
        assert!(!allowing(&[]).allows("loja.example"));
        assert!(!allowing(&[]).allows(""));
    }

    #[test]
    fn a_domain_allows_itself_and_neither_its_subdomains_nor_its_look_alikes() {
        let site = allowing(&["outra.example", "loja.example"]);
        assert!(site.allows("loja.example"));
        assert!(site.allows("outra.example"));
        for host in ["www.loja.example", "minhaloja.example", "loja.example.mal.example", "loja.exampl", ""] {
            assert!(!site.allows(host), "{host}");
        }
    }

    #[test]
    fn a_wildcard_allows_every_depth_below_and_not_the_domain_itself() {
        let site = allowing(&["*.loja.example"]);
        assert!(site.allows("www.loja.example"));
        assert!(site.allows("a.b.loja.example"));
        for host in ["loja.example", ".loja.example", "minhaloja.example", "www.loja.example.mal.example"] {
            assert!(!site.allows(host), "{host}");
        }
    }

    #[test]
    fn a_port_must_be_named_to_be_allowed() {
        let site = allowing(&["localhost:8080", "*.loja.example:8443", "loja.example"]);
        assert!(site.allows("localhost:8080"));
        assert!(site.allows("www.loja.example:8443"));
        for host in ["localhost", "localhost:80801", "localhost:808", "www.loja.example", "loja.example:8443"] {
            assert!(!site.allows(host), "{host}");
        }
    }

    #[test]
    fn the_case_of_a_domain_does_not_matter_under_a_wildcard_either() {
        let site = allowing(&["Loja.Example", "*.Outra.Example"]);
        assert!(site.allows("LOJA.example"));
        assert!(site.allows("WWW.outra.EXAMPLE"));
    }
}
