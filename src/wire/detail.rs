//! Details of an audit line: a flat JSON object of words.

use serde_json::{Map, Value};

/// Names and values as one JSON object.
#[must_use]
pub fn object_text(pairs: &[(&str, &str)]) -> String {
    let object: Map<String, Value> = pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    Value::Object(object).to_string()
}
