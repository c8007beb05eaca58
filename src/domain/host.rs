//! Hosts that may show a widget, as people type or paste them.

use url::{Host, Url};

/// Most hosts of one site; they all stand in a header of the frame.
pub const HOSTS_MAX: usize = 50;
/// Longest text read as a host, in bytes: a DNS name has 253.
const HOST_LENGTH_MAX: usize = 300;

/// One host in the form that is compared: lower case, punycode, `:port` only where it isn't the scheme's own, `*.` before the name for all
/// names below it. Takes a whole pasted address and keeps its host. None: it isn't a host.
#[must_use]
pub fn parse_allowed(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > HOST_LENGTH_MAX || text.contains(['@', '\\', ' ', '?', '#']) {
        return None;
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) => (scheme, rest),
        Some(_) => return None,
        None => ("https", text),
    };
    let host = rest.split('/').next().unwrap_or_default();
    let (star, name) = host.strip_prefix("*.").map_or(("", host), |name| ("*.", name));
    let url = Url::parse(&format!("{scheme}://{name}/")).ok()?;
    let well_formed = match url.host()? {
        Host::Domain(domain) => is_domain(domain) && (star.is_empty() || domain.contains('.')),
        Host::Ipv4(_) | Host::Ipv6(_) => star.is_empty(),
    };
    let own_port = matches!(url.port(), None | Some(80 | 443));
    let port = url.port().filter(|_| !own_port).map(|port| format!(":{port}")).unwrap_or_default();
    well_formed.then(|| format!("{star}{}{port}", url.host_str().unwrap_or_default()))
}

fn is_domain(domain: &str) -> bool {
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    domain.len() <= 253 && domain.split('.').all(label_ok)
}

#[cfg(test)]
mod tests {
    use super::parse_allowed;

    #[test]
    fn a_pasted_address_becomes_its_host() {
        for (typed, host) in [
            (" WWW.CasaMurici.com.br ", "www.casamurici.com.br"),
            ("https://loja.example/produto/1", "loja.example"),
            ("http://localhost:8081", "localhost:8081"),
            ("loja.example:443", "loja.example"),
            ("*.Loja.example", "*.loja.example"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("[::1]:8080", "[::1]:8080"),
            ("maçã.example", "xn--ma-tiap.example"),
        ] {
            assert_eq!(parse_allowed(typed).as_deref(), Some(host), "{typed}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for typed in [
            "",
            "*",
            "*.com",
            "*.127.0.0.1",
            "a b.example",
            "u@loja.example",
            "ftp://loja.example",
            "loja..example",
            "-a.example",
            "'self'",
            "a;b",
        ] {
            assert_eq!(parse_allowed(typed), None, "{typed}");
        }
    }
}
