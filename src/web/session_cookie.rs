//! The cookie that carries a browser's session.
//!
//! Under https its name begins with `__Host-`, which browsers tie to this host, the whole path and Secure; on http loopback the same without
//! both. Knows no session.

use crate::auth::token::TOKEN_BYTES_MAX;
use crate::config::Config;
use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

const NAME: &str = "papo_session";
const NAME_UNDER_HTTPS: &str = "__Host-papo_session";
/// Cookies don't tell ports apart: a demo beside a real server on the same host must not take its session.
const NAME_IN_DEMO: &str = "papo_demo_session";

fn name(config: &Config) -> &'static str {
    match (&config.demo, is_https(config)) {
        (Some(_), _) => NAME_IN_DEMO,
        (None, true) => NAME_UNDER_HTTPS,
        (None, false) => NAME,
    }
}

fn is_https(config: &Config) -> bool {
    config.public_url.scheme() == "https"
}

/// The token in a request's cookie.
#[must_use]
pub fn read(request: &HttpRequest, config: &Config) -> Option<String> {
    let cookie = request.cookie(name(config))?;
    Some(cookie.value().to_owned()).filter(|token| !token.is_empty() && token.len() <= TOKEN_BYTES_MAX)
}

/// The cookie that carries `token`: for `kept_seconds`, else until the browser is closed.
#[must_use]
pub fn made(token: &str, config: &Config, kept_seconds: Option<i64>) -> Cookie<'static> {
    let mut cookie =
        Cookie::build(name(config), token.to_owned()).path("/").http_only(true).same_site(SameSite::Lax).secure(is_https(config)).finish();
    if let Some(seconds) = kept_seconds {
        cookie.set_max_age(Duration::seconds(seconds));
    }
    cookie
}

/// The cookie that removes it.
#[must_use]
pub fn removed(config: &Config) -> Cookie<'static> {
    let mut cookie = made("", config, None);
    cookie.make_removal();
    cookie
}

#[cfg(test)]
mod tests {
    use super::made;
    use crate::config::{Config, Rates};
    use url::Url;

    fn config(public_url: &str) -> Config {
        Config {
            listen: ([127, 0, 0, 1], 8080).into(),
            data_dir: "papo-data".into(),
            public_url: Url::parse(public_url).expect("a URL"),
            trusted_proxies: Vec::new(),
            webhook_allow: Vec::new(),
            webhook_ca: None,
            workers: 1,
            rates: Rates::default(),
            demo: None,
        }
    }

    #[test]
    fn under_https_the_cookie_is_tied_to_its_host() {
        let text = made("t", &config("https://papo.example"), Some(60)).to_string();
        for part in ["__Host-papo_session=t", "HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=60"] {
            assert!(text.contains(part), "{text} lacks {part}");
        }
        assert!(!text.contains("Domain"));
    }

    #[test]
    fn on_loopback_it_works_without_https() {
        assert_eq!(made("t", &config("http://127.0.0.1:8080"), None).to_string(), "papo_session=t; HttpOnly; SameSite=Lax; Path=/");
    }
}
