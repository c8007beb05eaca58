//! What a test came to, as it is shown at once: a sentence, the beginning of the answer, and where to read more.

use crate::domain::delivery::{Attempt, AttemptCode};
use crate::domain::ids::DeliveryId;
use crate::i18n::Texts;

/// Characters of the answer's body that are shown.
const EXCERPT_CHARS_MAX: usize = 400;

/// What a test came to.
pub struct Verdict {
    pub good: bool,
    pub sentence: String,
    /// The beginning of the answer's body.
    pub excerpt: String,
    /// What else is to be known.
    pub hint: Option<&'static str>,
    /// The delivery that it was, if it is kept.
    pub delivery: Option<DeliveryId>,
}

impl Verdict {
    /// Of an attempt.
    #[must_use]
    pub fn of(attempt: &Attempt, t: &Texts) -> Self {
        let good = attempt.code == AttemptCode::Delivered;
        let (status, ms) = (attempt.status.map(|status| status.to_string()).unwrap_or_default(), attempt.duration_ms.to_string());
        let sentence = if good {
            t.with("settings.webhooks.test_good", [("status", status), ("ms", ms)])
        } else {
            let why = t.with(&format!("webhook.code.{}", attempt.code.as_str()), [("status", status)]);
            t.with("settings.webhooks.test_bad", [("why", why), ("ms", ms)])
        };
        let body = String::from_utf8_lossy(&attempt.response_body);
        let mut excerpt: String = body.trim().chars().take(EXCERPT_CHARS_MAX).collect();
        if body.trim().chars().nth(EXCERPT_CHARS_MAX).is_some() {
            excerpt.push('…');
        }
        Self { good, sentence, excerpt, hint: None, delivery: None }
    }

    /// Of a test that has not ended in its time.
    #[must_use]
    pub fn unended(t: &Texts) -> Self {
        Self::refused(t, "settings.webhooks.test_unended")
    }

    /// Of a test that was not made.
    #[must_use]
    pub fn refused(t: &Texts, key: &str) -> Self {
        Self { good: false, sentence: t.text(key).to_owned(), excerpt: String::new(), hint: None, delivery: None }
    }
}
