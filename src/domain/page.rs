//! Addresses of pages as clients claim them, cleaned before anything is stored: they carry tokens.

use url::Url;

use super::text::flat;

/// Longest address that is kept, in bytes.
pub const URL_LENGTH_MAX: usize = 2_000;
/// Longest page title that is kept, in Unicode scalar values.
pub const TITLE_LENGTH_MAX: usize = 200;
/// Query parameters that are kept; everything else may be a secret.
const QUERY_KEPT: [&str; 9] = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "fbclid", "msclkid", "ref"];

/// Where a visitor is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub url: Option<String>,
    pub title: Option<String>,
    pub referrer: Option<String>,
}

/// The campaign that brought a visitor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Utm {
    pub source: Option<String>,
    pub medium: Option<String>,
    pub campaign: Option<String>,
    pub term: Option<String>,
    pub content: Option<String>,
}

impl Page {
    /// Cleans what a client claims: http(s) only, no user name, no fragment, a query reduced to the allow-list, lengths capped.
    #[must_use]
    pub fn claimed(url: Option<&str>, title: Option<&str>, referrer: Option<&str>) -> Self {
        Self {
            url: url.and_then(clean),
            title: title.map(|title| flat(title).chars().take(TITLE_LENGTH_MAX).collect()).filter(|title: &String| !title.is_empty()),
            referrer: referrer.and_then(clean),
        }
    }

    /// The campaign in the page's query.
    #[must_use]
    pub fn utm(&self) -> Utm {
        let Some(url) = self.url.as_deref().and_then(|url| Url::parse(url).ok()) else { return Utm::default() };
        let find =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.chars().take(TITLE_LENGTH_MAX).collect());
        Utm {
            source: find("utm_source"),
            medium: find("utm_medium"),
            campaign: find("utm_campaign"),
            term: find("utm_term"),
            content: find("utm_content"),
        }
    }
}

fn clean(claimed: &str) -> Option<String> {
    let mut url = Url::parse(claimed).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| QUERY_KEPT.contains(&key.as_ref()))
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    Some(String::from(url)).filter(|url| url.len() <= URL_LENGTH_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_address_loses_its_secrets_and_keeps_its_campaign() {
        let page = Page::claimed(
            Some("https://u:p@shop.example/a?token=s3cret&utm_source=insta&gclid=1#frag"),
            Some("  Loja\u{7} "),
            Some("javascript:alert(1)"),
        );
        assert_eq!(page.url.as_deref(), Some("https://shop.example/a?utm_source=insta&gclid=1"));
        assert_eq!(page.title.as_deref(), Some("Loja"));
        assert_eq!(page.referrer, None);
        assert_eq!(page.utm().source.as_deref(), Some("insta"));
    }
}
