//! A site's colour, and the text that can be read on it.
//!
//! Contrast by WCAG 2.2 (relative luminance, 1.4.3): text has at least 4.5:1 on its background. Doesn't know where a colour is used.

use std::fmt;

/// Contrast that text needs on its background.
const CONTRAST_MIN: f64 = 4.5;
/// White, and the ink of the product's own text.
const LIGHT: Color = Color([0xff, 0xff, 0xff]);
const INK: Color = Color([0x17, 0x21, 0x1f]);

/// A colour as red, green and blue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Color([u8; 3]);

/// A background and the text on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brand {
    /// The chosen colour, darkened as far as needed.
    pub background: Color,
    pub text: Color,
}

impl Color {
    /// From `#rrggbb`, in upper or lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let part = |from: usize| u8::from_str_radix(digits.get(from..from.saturating_add(2))?, 16).ok();
        if !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    /// This as a background: white on it where that can be read, else ink, else white on a darker shade.
    #[must_use]
    pub fn brand(self) -> Brand {
        for text in [LIGHT, INK] {
            if self.contrast(text) >= CONTRAST_MIN {
                return Brand { background: self, text };
            }
        }
        let mut background = self;
        while background.contrast(LIGHT) < CONTRAST_MIN {
            background = background.darker();
        }
        Brand { background, text: LIGHT }
    }

    /// From 1 (equal) to 21 (black and white).
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|value| {
            let part = f64::from(value) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// One thirty-second less of each part; black at last.
    fn darker(self) -> Self {
        Self(self.0.map(|value| value.saturating_sub(value / 32).saturating_sub(u8::from(value > 0 && value % 32 != 0))))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::{CONTRAST_MIN, Color};

    #[test]
    fn a_colour_is_read_in_one_spelling_only() {
        assert_eq!(Color::parse(" #15465F ").map(|color| color.to_string()), Some("#15465f".to_owned()));
        for bad in ["", "15465f", "#15465", "#15465ff", "#15 65f", "#+5465f", "red", "#ééé"] {
            assert_eq!(Color::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn text_can_be_read_on_every_colour() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let brand = Color([red, green, blue]).brand();
                    assert!(brand.background.contrast(brand.text) >= CONTRAST_MIN, "{brand:?}");
                }
            }
        }
    }

    #[test]
    fn a_dark_colour_takes_white_and_a_light_one_ink() {
        assert_eq!(Color::parse("#15465f").expect("a colour").brand().text.to_string(), "#ffffff");
        assert_eq!(Color::parse("#f0b429").expect("a colour").brand().text.to_string(), "#17211f");
        let grey = Color::parse("#777777").expect("a colour").brand();
        assert_eq!(grey.text.to_string(), "#ffffff");
        assert_ne!(grey.background.to_string(), "#777777");
    }
}
