//! What reads text that came from outside, alone.

use papo::domain::address::AllowList;
use papo::domain::backoff::{delay_ms, pause_ms, retry_after_ms};
use papo::domain::color::Color;
use papo::domain::delivery::Control;
use papo::domain::endpoint::headers::CustomHeader;
use papo::domain::endpoint::secret::Secret;
use papo::domain::endpoint::url::WebhookUrl;
use papo::domain::host;
use papo::domain::page::Page;
use papo::domain::text::{self, Body};
use papo::domain::time::Timestamp;
use papo::i18n::Locale;
use papo::wire::commands;
use proptest::prelude::*;

use super::{frame, text};

/// Ten hours, the longest that a receiver may ask for.
const RETRY_AFTER_MS_MAX: i64 = 36_000_000;

proptest! {
    #[test]
    fn a_frame_is_read_or_refused_with_a_known_code(frame in frame()) {
        for error in [commands::visitor(&frame).err(), commands::agent(&frame).err()].into_iter().flatten() {
            prop_assert!(["frame_malformed", "command_unknown", "client_id_invalid"].contains(&error.code), "{error:?}");
            prop_assert!(error.client_id.is_none_or(|id| id.len() <= commands::CLIENT_ID_LENGTH_MAX));
        }
    }

    #[test]
    fn a_webhook_address_that_is_taken_reads_the_same_again(typed in text(), tail in text()) {
        for typed in [typed.clone(), format!("https://{typed}"), format!("https://exemplo.com.br/{typed}?q={tail}#{typed}"), format!("http://{typed}:{tail}@[{tail}]")] {
            if let Ok(url) = WebhookUrl::parse(&typed) {
                let again = WebhookUrl::parse(url.as_str());
                prop_assert_eq!(again.as_ref().map(WebhookUrl::as_str), Ok(url.as_str()), "{}", typed);
                prop_assert!(url.as_str().starts_with("https://") || url.as_str().starts_with("http://"));
                prop_assert!(!url.authority().is_empty() && !url.authority().contains('@') && !url.host().is_empty());
                prop_assert!(url.as_str().is_ascii() && !url.as_str().contains(['\r', '\n', ' ']));
                let _concern = url.concern(&AllowList::default());
            }
        }
    }

    #[test]
    fn what_a_receiver_asks_for_stays_within_bounds(header in text(), number in any::<i64>(), failed in 0_u32..40, random in any::<u32>()) {
        let now = Timestamp::from_ms(1_795_348_800_000);
        for header in [header, number.to_string(), format!("{number}.5"), format!(" {number} ")] {
            let asked = retry_after_ms(&header, now);
            prop_assert!(asked.is_none_or(|ms| (0..=RETRY_AFTER_MS_MAX).contains(&ms)), "{header:?}: {asked:?}");
            let delay = delay_ms(failed, asked, random);
            prop_assert!(delay.is_none_or(|ms| ms > 0), "{delay:?}");
            prop_assert!(pause_ms(delay, asked) >= 0);
            let _control = Control::parse(&header);
        }
    }

    #[test]
    fn headers_and_secrets_are_safe_or_refused(name in text(), value in text()) {
        if let Ok(header) = CustomHeader::new(&name, &value) {
            prop_assert!(!header.value().contains(['\r', '\n', '\0']) && header.name().is_ascii());
        }
        let _secret = Secret::parse_shared(&value);
    }

    #[test]
    fn what_people_type_keeps_its_limits(typed in text(), length_max in 1_usize..200) {
        prop_assert!(text::cut(&typed, length_max).chars().count() <= length_max);
        if let Ok(Some(line)) = text::line(&typed, length_max) {
            prop_assert!(line.chars().count() <= length_max && !line.chars().any(char::is_control), "{line:?}");
        }
        if let Ok(Some(paragraph)) = text::paragraph(&typed, length_max) {
            prop_assert!(paragraph.chars().count() <= length_max);
        }
        if let Ok(body) = Body::parse(&typed) {
            prop_assert!(!body.as_str().trim().is_empty() && body.as_str().chars().count() <= 10_000);
        }
        if let Ok(email) = text::email(&typed) {
            prop_assert!(email.contains('@') && email.len() <= 254 && !email.contains(char::is_whitespace));
        }
        let _phone = text::phone(&typed);
        let _color = Color::parse(&typed).map(Color::brand);
        let _locale = (Locale::parse(&typed), Locale::from_accept_language(&typed));
        if let Some(host) = host::parse_allowed(&typed) {
            prop_assert_eq!(host::parse_allowed(&host), Some(host));
        }
    }

    #[test]
    fn an_address_of_a_page_carries_no_secret(path in text(), key in "[a-z_]{1,12}", secret in "[a-zA-Z0-9]{16,40}") {
        let known = ["gclid", "fbclid", "msclkid", "ref", "q"];
        prop_assume!(!key.starts_with("utm") && !known.contains(&key.as_str()) && !key.ends_with("clid"));
        let claimed = format!("https://loja.example/{}?{key}={secret}#{secret}", path.replace(['?', '#'], ""));
        let page = Page::claimed(Some(&claimed), Some(&path), Some(&claimed));
        prop_assert!(!format!("{page:?}").contains(&secret), "{page:?}");
    }
}
