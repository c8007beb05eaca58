//! What became of an answer, over REST.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::one_of;
use crate::domain::enrichment::{self, Field, Item, Reason};

/// Something that was taken.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TakenItem {
    #[schemars(schema_with = "fields")]
    pub field: Option<&'static str>,
    /// Which of several: a custom field's name, a card's title, a tag.
    pub detail: Option<String>,
}

/// Something that was not taken.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IgnoredItem {
    /// Null for the answer as a whole.
    #[schemars(schema_with = "fields")]
    pub field: Option<&'static str>,
    /// Which of several: a custom field's name, a card's title, a tag.
    pub detail: Option<String>,
    /// Why not.
    #[schemars(schema_with = "reasons")]
    pub reason: &'static str,
}

/// What became of an answer; names, never values.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Enrichment {
    pub taken: Vec<TakenItem>,
    pub ignored: Vec<IgnoredItem>,
}

fn fields(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<Option<&str>> = Field::ALL.iter().map(|field| Some(field.as_str())).chain([None]).collect();
    schemars::json_schema!({"enum": words})
}

fn reasons(_: &mut SchemaGenerator) -> Schema {
    one_of(Reason::ALL.iter().map(|reason| reason.as_str()))
}

impl Enrichment {
    /// From what is kept beside an attempt.
    #[must_use]
    pub fn of(enrichment: &enrichment::Enrichment) -> Self {
        let field = |item: &Item| item.field.map(Field::as_str);
        Self {
            taken: enrichment.taken.iter().map(|item| TakenItem { field: field(item), detail: item.detail.clone() }).collect(),
            ignored: enrichment
                .ignored
                .iter()
                .map(|(item, reason)| IgnoredItem { field: field(item), detail: item.detail.clone(), reason: reason.as_str() })
                .collect(),
        }
    }
}
