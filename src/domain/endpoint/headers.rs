//! The headers that an endpoint adds to its requests, for receivers behind an API key.
//!
//! They can't replace what we send ourselves, nor what decides how a request is framed or where a proxy or a cloud takes it.

/// Headers of one endpoint.
pub const HEADERS_MAX: usize = 20;
/// Bytes in a header's name.
pub const NAME_BYTES_MAX: usize = 100;
/// Bytes in a header's value.
pub const VALUE_BYTES_MAX: usize = 4_096;

const FORBIDDEN: [&str; 16] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

const FORBIDDEN_PREFIXES: [&str; 12] =
    ["webhook-", "proxy-", "x-amz-", "x-amzn-", "x-aws-", "x-azure-", "x-ms-", "x-goog-", "x-google-", "x-forwarded-", "metadata", "sec-"];

/// One header, its name in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomHeader {
    name: String,
    value: String,
}

/// Why a header can't be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderRefusal {
    /// Not a token of RFC 9110, or too long.
    #[error("a header name has 1 to 100 letters, digits and hyphens")]
    Name,
    /// One that we or the transport set.
    #[error("this header can't be set by an endpoint")]
    Reserved,
    /// Holds a line break or another control character, is not ASCII, or is too long.
    #[error("a header value has at most 4096 plain ASCII characters and no line break")]
    Value,
    /// More than [`HEADERS_MAX`].
    #[error("an endpoint has at most 20 headers")]
    TooMany,
    /// The same name twice.
    #[error("this header is there twice")]
    Twice,
}

impl HeaderRefusal {
    /// Its stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "header_name",
            Self::Reserved => "header_reserved",
            Self::Value => "header_value",
            Self::TooMany => "headers_too_many",
            Self::Twice => "header_twice",
        }
    }
}

impl CustomHeader {
    /// Checks one header.
    pub fn new(name: &str, value: &str) -> Result<Self, HeaderRefusal> {
        let name = name.trim().to_ascii_lowercase();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_token) {
            return Err(HeaderRefusal::Name);
        }
        if FORBIDDEN.contains(&name.as_str()) || FORBIDDEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(HeaderRefusal::Reserved);
        }
        let value = value.trim_matches([' ', '\t']);
        let is_visible = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
        if value.len() > VALUE_BYTES_MAX || !value.bytes().all(is_visible) {
            return Err(HeaderRefusal::Value);
        }
        Ok(Self { name, value: value.to_owned() })
    }

    /// Its name, in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value: often a credential.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl std::fmt::Debug for CustomHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: …", self.name)
    }
}

/// Checks an endpoint's headers together.
pub fn headers<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Vec<CustomHeader>, HeaderRefusal> {
    let mut checked: Vec<CustomHeader> = Vec::new();
    for (name, value) in pairs {
        let header = CustomHeader::new(name, value)?;
        if checked.iter().any(|other| other.name == header.name) {
            return Err(HeaderRefusal::Twice);
        }
        if checked.len() == HEADERS_MAX {
            return Err(HeaderRefusal::TooMany);
        }
        checked.push(header);
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_that_frame_or_sign_the_request_cannot_be_replaced() {
        for name in
            ["Host", "content-length", "Transfer-Encoding", "webhook-signature", "Webhook-Id", "Proxy-Authorization", "X-Amz-Target"]
        {
            assert_eq!(CustomHeader::new(name, "x"), Err(HeaderRefusal::Reserved), "{name}");
        }
        for name in ["Authorization", "X-Api-Key", "x-loja", "Accept"] {
            assert!(CustomHeader::new(name, "segredo").is_ok(), "{name}");
        }
    }

    #[test]
    fn a_value_cannot_smuggle_a_second_header() {
        for value in ["a\r\nb: c", "a\nb", "a\0", "ação"] {
            assert_eq!(CustomHeader::new("x-key", value), Err(HeaderRefusal::Value));
        }
        assert_eq!(CustomHeader::new("x key", "a"), Err(HeaderRefusal::Name));
        assert_eq!(CustomHeader::new("", "a"), Err(HeaderRefusal::Name));
        assert_eq!(CustomHeader::new("x-key", &"a".repeat(VALUE_BYTES_MAX + 1)), Err(HeaderRefusal::Value));
    }

    #[test]
    fn a_header_is_there_once_and_twenty_are_enough() {
        assert_eq!(headers([("x-a", "1"), ("X-A", "2")]), Err(HeaderRefusal::Twice));
        let names: Vec<String> = (0..=HEADERS_MAX).map(|n| format!("x-{n}")).collect();
        assert_eq!(headers(names.iter().map(|name| (name.as_str(), "1"))), Err(HeaderRefusal::TooMany));
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_one_line_of_ascii(name in ".{0,20}", value in ".{0,50}") {
            if let Ok(header) = CustomHeader::new(&name, &value) {
                prop_assert!(header.name().is_ascii() && header.value().is_ascii());
                prop_assert!(!header.value().contains(['\r', '\n', '\0']));
            }
        }
    }
}
