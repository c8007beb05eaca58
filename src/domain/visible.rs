//! Which characters nobody sees, and which turn what stands beside them. Knows nothing about lengths and what a text is for.
//!
//! Source of both: `Default_Ignorable_Code_Point` and `Bidi_Control` of <https://www.unicode.org/Public/UCD/latest/ucd/>.

/// Whether a text has a character that can be seen. A joiner or a variation selector alone is none, between others it stays what it is.
#[must_use]
pub fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !leaves_no_mark(c))
}

/// White space, control characters, those that fonts draw nothing for, and the Braille pattern without dots.
fn leaves_no_mark(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || turns_text(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Embeddings, overrides and isolates of the reading direction: unclosed, they turn what is shown after the text. Marks (U+200E, U+200F, U+061C) don't.
#[must_use]
pub const fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::is_visible;

    #[test]
    fn what_nobody_sees_is_nothing() {
        let invisible = "\u{0} \u{ad} \u{34f} \u{115f} \u{180e} \u{200b} \u{200d} \u{202e} \u{2060} \u{2069} \u{2800} \u{3000} \u{3164} \u{fe0f} \u{feff} \u{e0061}";
        for text in invisible.split(' ').chain([invisible, ""]) {
            assert!(!is_visible(text), "{}", text.escape_unicode());
        }
    }

    #[test]
    fn letters_marks_and_signs_of_all_scripts_are_seen() {
        for text in [
            "a",
            "-",
            "مرحبا",
            "\u{200f}שלום",
            "\u{301}",
            "می\u{200c}خواهم",
            "ᠠ",
            "한",
            "❤\u{fe0f}",
            "👩🏽\u{200d}💻",
            "\u{2801}",
            "\u{fffd}",
        ] {
            assert!(is_visible(text), "{}", text.escape_unicode());
        }
    }
}
