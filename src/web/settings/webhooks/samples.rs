//! The receivers and recipes of `docs/webhooks/` as the catalogue shows them: the very files that the tests run.
//!
//! Knows neither endpoints nor the reader; texts are keys.

use super::super::choices::Keyed;
use crate::domain::event_type::EventType;

/// A receiver in one language.
pub struct Receiver {
    /// Ends the ids of its tab and section.
    pub id: &'static str,
    /// The language's own name.
    pub name: &'static str,
    pub file: &'static str,
    pub command: &'static str,
    /// The variable that takes the secret.
    pub variable: &'static str,
    /// The key of what is particular about it.
    pub note: &'static str,
    code: &'static str,
}

/// One use, with what to tick for it.
pub struct Recipe {
    pub id: &'static str,
    pub file: &'static str,
    pub events: &'static [EventType],
    /// The key of its name, and of what else to set.
    pub texts: Keyed,
    code: &'static str,
}

/// A line of code; lines of remarks are shown softer.
pub struct Line {
    pub text: &'static str,
    pub is_remark: bool,
}

/// PHP first: most integrators write it.
pub const RECEIVERS: [Receiver; 4] = [
    Receiver {
        id: "php",
        name: "PHP",
        file: "receber.php",
        command: "PAPO_SEGREDO=whsec_… php -S 127.0.0.1:9000 receber.php",
        variable: "PAPO_SEGREDO",
        note: "receiver.php",
        code: include_str!("../../../../docs/webhooks/receber.php"),
    },
    Receiver {
        id: "python",
        name: "Python",
        file: "receive.py",
        command: "PAPO_SECRET=whsec_… python3 receive.py",
        variable: "PAPO_SECRET",
        note: "receiver.python",
        code: include_str!("../../../../docs/webhooks/receive.py"),
    },
    Receiver {
        id: "node",
        name: "Node.js",
        file: "receive.mjs",
        command: "PAPO_SECRET=whsec_… node receive.mjs",
        variable: "PAPO_SECRET",
        note: "receiver.node",
        code: include_str!("../../../../docs/webhooks/receive.mjs"),
    },
    Receiver {
        id: "rust",
        name: "Rust",
        file: "receive.rs",
        command: "PAPO_SECRET=whsec_… cargo run",
        variable: "PAPO_SECRET",
        note: "receiver.rust",
        code: include_str!("../../../../docs/webhooks/receive.rs"),
    },
];

pub const RECIPES: [Recipe; 4] = [
    Recipe {
        id: "crm",
        file: "crm.php",
        events: &[EventType::ChatRequested],
        texts: ("receiver.crm", "receiver.crm_how"),
        code: include_str!("../../../../docs/webhooks/recipes/crm.php"),
    },
    Recipe {
        id: "abandoned",
        file: "abandoned.py",
        events: &[EventType::ChatAbandoned, EventType::ChatMissed],
        texts: ("receiver.abandoned", "receiver.abandoned_how"),
        code: include_str!("../../../../docs/webhooks/recipes/abandoned.py"),
    },
    Recipe {
        id: "rating",
        file: "rating.mjs",
        events: &[EventType::ChatRated],
        texts: ("receiver.rating", "receiver.rating_how"),
        code: include_str!("../../../../docs/webhooks/recipes/rating.mjs"),
    },
    Recipe {
        id: "deal",
        file: "deal.php",
        events: &[EventType::ChatTagged],
        texts: ("receiver.deal", "receiver.deal_how"),
        code: include_str!("../../../../docs/webhooks/recipes/deal.php"),
    },
];

impl Receiver {
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        lines(self.file, self.code)
    }
}

impl Recipe {
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        lines(self.file, self.code)
    }
}

fn lines(file: &'static str, code: &'static str) -> impl Iterator<Item = Line> {
    let marks: &[&str] = if file.ends_with(".py") { &["#", "\"\"\""] } else { &["//", "/*", "* ", "*/"] };
    code.lines().map(|text| Line { text, is_remark: marks.iter().any(|mark| text.trim_start().starts_with(mark)) })
}
