//! Endpoint addresses, parsed once: what is a `WebhookUrl` can be posted to as far as text can tell.
//!
//! Where the address leads is judged when it is dialled, not here.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use crate::domain::address::{AllowList, Reach, reach};

/// Characters in an endpoint's URL.
pub const URL_CHARS_MAX: usize = 2_048;

/// An `http` or `https` address without user name, password or fragment, normalised as browsers do (WHATWG).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WebhookUrl(Url);

/// Why a text is no endpoint URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// Nothing was written.
    #[error("the URL is empty")]
    Empty,
    /// Longer than [`URL_CHARS_MAX`].
    #[error("the URL is too long")]
    TooLong,
    /// Not a URL at all.
    #[error("this is not a URL")]
    Malformed,
    /// Neither `http` nor `https`.
    #[error("the URL must begin with https:// or http://")]
    Scheme,
    /// Holds a user name or password, which would be shown to everyone who sees the URL.
    #[error("the URL must not hold a user name or password; use a header instead")]
    Credentials,
    /// TLS to a bare IPv6 address: the client library can't verify it.
    #[error("https needs a host name here, not an IPv6 address")]
    SecureIpv6Literal,
    /// Port 0.
    #[error("port 0 can't be reached")]
    Port,
}

impl UrlRefusal {
    /// Its stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "url_empty",
            Self::TooLong => "url_too_long",
            Self::Malformed => "url_malformed",
            Self::Scheme => "url_scheme",
            Self::Credentials => "url_credentials",
            Self::SecureIpv6Literal => "url_secure_ipv6_literal",
            Self::Port => "url_port",
        }
    }
}

/// Something about a usable URL that its admin should know before saving it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlConcern {
    /// Plain `http://` to a public host: personal data would travel unencrypted. Needs a tick.
    PlainHttp,
    /// The host is an address that the guard will refuse to dial.
    BlockedAddress,
}

impl WebhookUrl {
    /// Reads what somebody typed; without a scheme it means `https://`.
    pub fn parse(text: &str) -> Result<Self, UrlRefusal> {
        let text = text.trim();
        if text.is_empty() {
            return Err(UrlRefusal::Empty);
        }
        if text.chars().count() > URL_CHARS_MAX {
            return Err(UrlRefusal::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(UrlRefusal::Malformed);
        }
        let absolute = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let mut url = Url::parse(&absolute).map_err(|_malformed| UrlRefusal::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlRefusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlRefusal::Credentials);
        }
        if url.port() == Some(0) {
            return Err(UrlRefusal::Port);
        }
        match url.host() {
            None | Some(Host::Domain("" | ".")) => return Err(UrlRefusal::Malformed),
            Some(Host::Ipv6(_)) if url.scheme() == "https" => return Err(UrlRefusal::SecureIpv6Literal),
            Some(Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_)) => {}
        }
        url.set_fragment(None);
        // As it is kept: what was typed in letters of its own is longer then.
        if url.as_str().len() > URL_CHARS_MAX { Err(UrlRefusal::TooLong) } else { Ok(Self(url)) }
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host, and the port where it isn't the scheme's own: what the `Host` header says.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}:{port}", self.0.host_str().unwrap_or_default()),
            None => self.0.host_str().unwrap_or_default().to_owned(),
        }
    }

    /// The host alone.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address as `http`, with its port spelled out: for whoever makes the connection secure underneath.
    #[must_use]
    pub fn as_if_plain(&self) -> String {
        let (host, port) = (self.host(), self.0.port_or_known_default().unwrap_or(443));
        let query = self.0.query().map(|query| format!("?{query}")).unwrap_or_default();
        format!("http://{host}:{port}{}{query}", self.0.path())
    }

    /// Whether bodies travel unencrypted.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The address with the values of its query masked, for logs and copies: receivers like to put tokens there.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut masked = self.0.clone();
        if self.0.query().is_some() {
            masked.set_query(Some("…"));
        }
        let text = masked.as_str();
        text.strip_suffix("%E2%80%A6").map_or_else(|| text.to_owned(), |head| format!("{head}…"))
    }

    /// What its admin should know, given what the operator opened. `None` for most.
    #[must_use]
    pub fn concern(&self, allow: &AllowList) -> Option<UrlConcern> {
        let literal = match self.0.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => {
                Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST))
            }
            Some(Host::Domain(_)) | None => None,
        };
        match literal {
            Some(ip) if !allow.permits(ip) => Some(UrlConcern::BlockedAddress),
            Some(ip) if reach(ip) != Reach::Public => None,
            Some(_) | None => self.is_plain().then_some(UrlConcern::PlainHttp),
        }
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_one_normal_form() {
        for (typed, parsed) in [
            ("crm.example.com.br/papo", "https://crm.example.com.br/papo"),
            ("  https://CRM.example.com  ", "https://crm.example.com/"),
            ("https://example.com:443/a b".replace(' ', "%20").as_str(), "https://example.com/a%20b"),
            ("http://example.com:443/", "http://example.com:443/"),
            ("http://127.1:8080/x#fragment", "http://127.0.0.1:8080/x"),
            ("http://0x7f.0.0.1", "http://127.0.0.1/"),
            ("http://2130706433", "http://127.0.0.1/"),
            ("http://[::FFFF:127.0.0.1]", "http://[::ffff:7f00:1]/"),
            ("https://ação.example.com", "https://xn--ao-siap.example.com/"),
            ("localhost:3000/hook", "https://localhost:3000/hook"),
        ] {
            assert_eq!(WebhookUrl::parse(typed).map(|url| url.as_str().to_owned()), Ok(parsed.to_owned()), "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_posted_to_is_refused_with_its_reason() {
        for (typed, refusal) in [
            ("", UrlRefusal::Empty),
            ("   ", UrlRefusal::Empty),
            ("ftp://example.com", UrlRefusal::Scheme),
            ("file:///etc/passwd", UrlRefusal::Scheme),
            ("javascript:alert(1)", UrlRefusal::Malformed),
            ("https://user:pass@example.com", UrlRefusal::Credentials),
            ("http://127.0.0.1\\@example.com/", UrlRefusal::Malformed),
            ("https://exa\nmple.com", UrlRefusal::Malformed),
            ("https://[::1]/", UrlRefusal::SecureIpv6Literal),
            ("http://example.com:0/", UrlRefusal::Port),
            ("http://", UrlRefusal::Malformed),
            ("https://example.com:99999/", UrlRefusal::Malformed),
        ] {
            assert_eq!(WebhookUrl::parse(typed), Err(refusal), "{typed}");
        }
        assert_eq!(WebhookUrl::parse(&format!("https://example.com/{}", "a".repeat(URL_CHARS_MAX))), Err(UrlRefusal::TooLong));
    }

    #[test]
    fn a_secure_address_is_spelled_as_a_plain_one_at_its_own_port() {
        for (text, plain) in [
            ("https://example.com", "http://example.com:443/"),
            ("https://example.com:8443/a%20b?x=1&y", "http://example.com:8443/a%20b?x=1&y"),
            ("https://127.0.0.1/?", "http://127.0.0.1:443/?"),
        ] {
            assert_eq!(WebhookUrl::parse(text).map(|url| url.as_if_plain()).as_deref(), Ok(plain));
        }
    }

    #[test]
    fn a_query_is_masked_in_what_is_logged() {
        let url = WebhookUrl::parse("https://example.com/hook?token=abc").expect("a URL");
        assert_eq!(url.masked(), "https://example.com/hook?…");
        assert_eq!(format!("{url:?}"), "WebhookUrl(https://example.com/hook?…)");
    }

    #[test]
    fn plain_http_to_a_public_host_and_blocked_addresses_are_pointed_out() {
        let closed = AllowList::default();
        let open: AllowList = "127.0.0.0/8".parse().expect("a list");
        let concern = |text: &str, allow: &AllowList| WebhookUrl::parse(text).expect("a URL").concern(allow);
        assert_eq!(concern("https://example.com", &closed), None);
        assert_eq!(concern("http://example.com", &closed), Some(UrlConcern::PlainHttp));
        assert_eq!(concern("http://8.8.8.8", &closed), Some(UrlConcern::PlainHttp));
        assert_eq!(concern("http://127.0.0.1:9000", &closed), Some(UrlConcern::BlockedAddress));
        assert_eq!(concern("http://127.0.0.1:9000", &open), None);
        assert_eq!(concern("http://localhost:9000", &open), None);
        assert_eq!(concern("https://localhost", &closed), Some(UrlConcern::BlockedAddress));
    }
}
