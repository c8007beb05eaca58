//! Text that people typed, parsed once at the edge.

use std::fmt;

use super::visible::{is_visible, turns_text};

/// Longest message, in Unicode scalar values.
pub const MESSAGE_LENGTH_MAX: usize = 10_000;
/// Longest name of anything, in Unicode scalar values.
pub const NAME_LENGTH_MAX: usize = 120;
/// Longest comment with a rating, in Unicode scalar values.
pub const COMMENT_LENGTH_MAX: usize = 2_000;
/// Longest e-mail address, in bytes (RFC 5321, 4.5.3.1.3).
pub const EMAIL_LENGTH_MAX: usize = 254;
/// Longest phone number as typed, in Unicode scalar values.
pub const PHONE_LENGTH_MAX: usize = 40;
/// Longest subject of a chat, in Unicode scalar values.
pub const SUBJECT_LENGTH_MAX: usize = 140;
/// Longest preview of a message in a list, in Unicode scalar values.
pub const PREVIEW_LENGTH_MAX: usize = 200;

/// Why a text was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    Empty,
    TooLong,
    Malformed,
}

/// The body of a message: 1 to [`MESSAGE_LENGTH_MAX`] scalar values of which one can be seen, without control characters but line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body(String);

impl Body {
    /// Parses what somebody wrote. CRLF becomes LF; surrounding white space goes.
    ///
    /// # Errors
    /// `Empty` or `TooLong`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.chars().count() > MESSAGE_LENGTH_MAX {
            return Err(TextError::TooLong);
        }
        let clean: String = text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        let trimmed = clean.trim();
        if is_visible(trimmed) { Ok(Self(trimmed.to_owned())) } else { Err(TextError::Empty) }
    }

    /// A body that was parsed when it was stored: what is kept stays as it is when the rules change.
    #[must_use]
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text on one line: control characters become spaces, what would turn its neighbours goes, and so does surrounding white space.
/// Empty if nothing can be seen of what is left.
#[must_use]
pub fn flat(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !turns_text(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    Some(clean.trim()).filter(|text| is_visible(text)).unwrap_or_default().to_owned()
}

/// A text of one line, made [`flat`]; none if nothing is left.
///
/// # Errors
/// `TooLong` over `length_max` scalar values.
pub fn line(text: &str, length_max: usize) -> Result<Option<String>, TextError> {
    let flat = flat(text);
    if flat.chars().count() > length_max {
        return Err(TextError::TooLong);
    }
    Ok(Some(flat).filter(|text| !text.is_empty()))
}

/// A text of several lines, such as a comment; none if nothing is left.
///
/// # Errors
/// `TooLong` over `length_max` scalar values.
pub fn paragraph(text: &str, length_max: usize) -> Result<Option<String>, TextError> {
    if text.chars().count() > length_max {
        return Err(TextError::TooLong);
    }
    Ok(Body::parse(text).ok().map(|body| body.0))
}

/// An e-mail address, checked as far as is useful (something, `@`, a host with a dot); lower case in the host only.
///
/// # Errors
/// `Malformed` or `TooLong`.
pub fn email(text: &str) -> Result<String, TextError> {
    let text = text.trim();
    if text.len() > EMAIL_LENGTH_MAX {
        return Err(TextError::TooLong);
    }
    let (local, host) = text.rsplit_once('@').ok_or(TextError::Malformed)?;
    let labels_ok =
        host.contains('.') && host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let chars_ok = host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
        && local.chars().all(|c| {
            !c.is_whitespace() && !c.is_control() && !turns_text(c) && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '"' | '@')
        });
    if !is_visible(local) || local.len() > 64 || !labels_ok || !chars_ok {
        return Err(TextError::Malformed);
    }
    Ok(format!("{local}@{}", host.to_lowercase()))
}

/// A phone number: what was typed, and E.164 where it can be told. Numbers without a country code are Brazilian (10 or 11 digits with the area code).
///
/// # Errors
/// `Malformed` where it has too few or too many digits or other characters than a number has; `TooLong`.
pub fn phone(text: &str) -> Result<(String, Option<String>), TextError> {
    let raw = text.trim();
    if raw.chars().count() > PHONE_LENGTH_MAX {
        return Err(TextError::TooLong);
    }
    if !raw.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '(' | ')' | '-' | '.' | '/')) {
        return Err(TextError::Malformed);
    }
    let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
    if !(8..=15).contains(&digits.len()) {
        return Err(TextError::Malformed);
    }
    let e164 = if raw.starts_with('+') {
        Some(format!("+{digits}"))
    } else {
        let national = digits.trim_start_matches('0');
        match national.len() {
            10 | 11 => Some(format!("+55{national}")),
            12 | 13 if national.starts_with("55") => Some(format!("+{national}")),
            _ => None,
        }
    };
    Ok((raw.to_owned(), e164))
}

/// The first `length_max` scalar values, with an ellipsis if something was cut.
#[must_use]
pub fn cut(text: &str, length_max: usize) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(length_max).collect();
    if chars.next().is_none() {
        return head;
    }
    let mut head: String = head.chars().take(length_max.saturating_sub(1)).collect();
    head.push('…');
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_counts_scalar_values_and_not_bytes() {
        assert!(Body::parse(&"é".repeat(MESSAGE_LENGTH_MAX)).is_ok());
        assert_eq!(Body::parse(&"é".repeat(MESSAGE_LENGTH_MAX + 1)), Err(TextError::TooLong));
        assert_eq!(Body::parse(" \n\t\u{0} "), Err(TextError::Empty));
        assert_eq!(Body::parse(" a\r\nb\u{7} ").map(|body| body.to_string()), Ok("a\nb".to_owned()));
    }

    #[test]
    fn a_text_of_which_nothing_can_be_seen_is_empty() {
        for unseen in ["\u{200b}", "\u{202e}", "\u{2800}", "\u{feff}", " \u{3164}\n\u{200d} "] {
            assert_eq!(Body::parse(unseen), Err(TextError::Empty), "{}", unseen.escape_unicode());
            assert_eq!((line(unseen, 10), paragraph(unseen, 10)), (Ok(None), Ok(None)), "{}", unseen.escape_unicode());
        }
        let flag_of_wales = "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}";
        for seen in ["👩🏽\u{200d}💻", "❤\u{fe0f}", flag_of_wales, "مرحبا", "\u{200f}שלום", "می\u{200c}خواهم", "e\u{301}", "\u{301}"]
        {
            assert_eq!(Body::parse(seen).map(|body| body.to_string()), Ok(seen.to_owned()), "nothing of it goes");
            assert_eq!((line(seen, 20), paragraph(seen, 20)), (Ok(Some(seen.to_owned())), Ok(Some(seen.to_owned()))), "nothing of it goes");
        }
    }

    #[test]
    fn a_line_does_not_turn_what_stands_beside_it_and_a_message_may() {
        assert_eq!(line("\u{202e}gpj.\u{2066}Ana\u{2069}\u{202c}", 7), Ok(Some("gpj.Ana".to_owned())));
        let turned = "\u{2067}שלום\u{2069} Ana";
        assert_eq!(Body::parse(turned).map(|body| body.to_string()), Ok(turned.to_owned()));
        assert_eq!(email("\u{202e}ana@exemplo.com.br"), Err(TextError::Malformed));
    }

    #[test]
    fn an_email_needs_a_name_and_the_end_of_its_host() {
        assert_eq!(email(" Ana@Exemplo.COM.br "), Ok("Ana@exemplo.com.br".to_owned()));
        for bad in ["", "ana", "ana@exemplo", "@x.br", "a@b@x.br", "a b@x.br", "a@x..br", "a@-x.br", "<a>@x.br"] {
            assert_eq!(email(bad), Err(TextError::Malformed), "{bad}");
        }
    }

    #[test]
    fn a_brazilian_number_gets_its_country_code() {
        assert_eq!(phone("(81) 99876-0142"), Ok(("(81) 99876-0142".to_owned(), Some("+5581998760142".to_owned()))));
        assert_eq!(phone("+1 415 555 0100").map(|(_, e164)| e164), Ok(Some("+14155550100".to_owned())));
        assert_eq!(phone("99876-0142").map(|(_, e164)| e164), Ok(None));
        assert_eq!(phone("abc"), Err(TextError::Malformed));
    }
}
