//! The languages that Papo speaks, and how a stranger's wish is read.

use std::fmt;

/// One of the languages with a complete set of texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    /// Brazilian Portuguese, the language of last resort.
    #[default]
    PtBr,
    /// English.
    En,
    /// Spanish.
    Es,
}

impl Locale {
    /// Every language, in the order of settings pages.
    pub const ALL: [Self; 3] = [Self::PtBr, Self::En, Self::Es];

    /// The BCP 47 tag: of the `lang` attribute, of the folder in `locales/`, and in JSON.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::PtBr => "pt-BR",
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The language under its own name, as a chooser shows it in whatever language the page is.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::PtBr => "Português (Brasil)",
            Self::En => "English",
            Self::Es => "Español",
        }
    }

    /// Reads a BCP 47 tag by its first part, whatever the case: `pt`, `pt_BR`, `PT-pt` are Portuguese, `en-US` English. `None`: not spoken.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let language = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|locale| locale.language().eq_ignore_ascii_case(language))
    }

    /// The best spoken language of an `Accept-Language` header (RFC 9110, 12.5.4): the highest weight wins, then the first. `None` where
    /// no listed language is spoken, so that the caller's own default counts.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for item in header.split(',').take(ACCEPTED_LANGUAGES_MAX) {
            let mut parts = item.split(';');
            let Some(locale) = parts.next().and_then(Self::parse) else { continue };
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Ok(1.0), |text| text.trim().parse::<f32>());
            let Ok(weight) = weight else { continue };
            if weight > 0.0 && best.is_none_or(|(highest, _)| weight > highest) {
                best = Some((weight, locale));
            }
        }
        best.map(|(_, locale)| locale)
    }

    /// Which plural form `n` takes: CLDR cardinal rules for whole numbers. Portuguese counts 0 and 1 as one, English and Spanish only 1.
    pub(super) const fn plural_suffix(self, n: i64) -> &'static str {
        match (self, n) {
            (_, 1) | (Self::PtBr, 0) => "_one",
            (Self::PtBr | Self::En | Self::Es, _) => "_other",
        }
    }

    /// The primary language subtag.
    const fn language(self) -> &'static str {
        match self {
            Self::PtBr => "pt",
            Self::En => "en",
            Self::Es => "es",
        }
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// No browser sends more languages; a hostile header costs no more than this.
const ACCEPTED_LANGUAGES_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::Locale::{self, En, Es, PtBr};

    #[test]
    fn a_tag_is_read_by_its_language() {
        for (tag, locale) in [
            ("pt", Some(PtBr)),
            ("pt_BR", Some(PtBr)),
            ("PT-pt", Some(PtBr)),
            (" en-US ", Some(En)),
            ("es-419", Some(Es)),
            ("fr", None),
            ("", None),
            ("ptx", None),
        ] {
            assert_eq!(Locale::parse(tag), locale, "{tag:?}");
        }
    }

    #[test]
    fn the_heaviest_spoken_language_wins() {
        for (header, locale) in [
            ("pt-BR,pt;q=0.9,en;q=0.8", Some(PtBr)),
            ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", Some(En)),
            ("en;q=0.5, es;q=0.9", Some(Es)),
            ("es;q=0, en;q=0.1", Some(En)),
            ("en;q=banana, es", Some(Es)),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(Locale::from_accept_language(header), locale, "{header:?}");
        }
    }
}
