//! The catalogue of webhook events: for each type its schema, an example, and the body of a test.
//!
//! Made from the same types as the real bodies, so it can't drift from them. Names and sentences for people are texts (`webhook.<type>.name`).

mod sample;

use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::domain::endpoint::Endpoint;
use crate::domain::event_type::EventType;
use crate::domain::ids::EventId;
use crate::domain::time::Timestamp;
use crate::domain::webhook_id::WebhookId;
use crate::wire::payload::{
    AgentAvailabilityChanged, ChatAbandoned, ChatFinished, ChatMissed, ChatRated, ChatRequested, ChatStarted, ChatTagged, ChatTransferred,
    Content, Data, Envelope, Frame, MessageCreated, MessageUpdated, Named, OfflineMessageCreated, VERSION, VisitorErased, VisitorLocated,
    VisitorLocationRevoked, VisitorUpdated, WebhookTest,
};
use sample::Flavour;

/// One type of event.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The type.
    pub event: EventType,
    /// The JSON Schema (2020-12) of its bodies.
    pub schema: Value,
    /// A body as it might come.
    pub example: Value,
}

impl Entry {
    /// The key of the text that names the type.
    #[must_use]
    pub fn name_key(&self) -> String {
        name_key(self.event)
    }

    /// The key of the sentence that says when it happens.
    #[must_use]
    pub fn sentence_key(&self) -> String {
        sentence_key(self.event)
    }
}

/// The key of the text that names a type.
#[must_use]
pub fn name_key(event: EventType) -> String {
    format!("webhook.{event}.name")
}

/// The key of the sentence that says when a type happens.
#[must_use]
pub fn sentence_key(event: EventType) -> String {
    format!("webhook.{event}.sentence")
}

/// Every type, made once.
pub fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| EventType::ALL.iter().map(|event| entry(*event)).collect())
}

/// The entry of one type.
pub fn of(event: EventType) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.event == event)
}

/// The body of a test of one type: `test` is true, addresses are of `example.com`, ids begin with `test_`.
#[must_use]
pub fn test_body(event: EventType, id: EventId, at: Timestamp, organisation: Named, endpoint: &Endpoint) -> Vec<u8> {
    let frame = Frame { id: WebhookId { event: id, test: true }, at, sequence: event.is_sequenced().then_some(1), organisation };
    let endpoint = Named { id: endpoint.id.to_string(), name: endpoint.draft.name.clone() };
    sample::body(event, &frame, &Flavour::test(endpoint))
}

/// The body of a test that goes to an address no endpoint has yet; `name` stands for the endpoint's.
#[must_use]
pub fn trial_body(event: EventType, id: EventId, at: Timestamp, organisation: Named, name: &str) -> Vec<u8> {
    let frame = Frame { id: WebhookId { event: id, test: true }, at, sequence: event.is_sequenced().then_some(1), organisation };
    sample::body(event, &frame, &Flavour::test(Named { id: "test_endpoint".to_owned(), name: name.to_owned() }))
}

fn entry(event: EventType) -> Entry {
    let flavour = Flavour::example();
    let body = sample::body(event, &flavour.frame(event), &flavour);
    Entry { event, schema: schema(event), example: serde_json::from_slice(&body).unwrap_or(Value::Null) }
}

/// The schema of one type's bodies.
#[must_use]
pub fn schema(event: EventType) -> Value {
    match event {
        EventType::ChatRequested => of_content::<Data<ChatRequested>>(),
        EventType::VisitorLocated => of_content::<Data<VisitorLocated>>(),
        EventType::ChatStarted => of_content::<Data<ChatStarted>>(),
        EventType::ChatRated => of_content::<Data<ChatRated>>(),
        EventType::ChatFinished => of_content::<Data<ChatFinished>>(),
        EventType::ChatTagged => of_content::<Data<ChatTagged>>(),
        EventType::ChatAbandoned => of_content::<Data<ChatAbandoned>>(),
        EventType::ChatMissed => of_content::<Data<ChatMissed>>(),
        EventType::ChatTransferred => of_content::<Data<ChatTransferred>>(),
        EventType::MessageCreated => of_content::<Data<MessageCreated>>(),
        EventType::MessageUpdated => of_content::<Data<MessageUpdated>>(),
        EventType::OfflineMessageCreated => of_content::<Data<OfflineMessageCreated>>(),
        EventType::VisitorUpdated => of_content::<Data<VisitorUpdated>>(),
        EventType::VisitorLocationRevoked => of_content::<Data<VisitorLocationRevoked>>(),
        EventType::VisitorErased => of_content::<VisitorErased>(),
        EventType::AgentAvailabilityChanged => of_content::<Data<AgentAvailabilityChanged>>(),
        EventType::WebhookTest => of_content::<Data<WebhookTest>>(),
    }
}

fn of_content<C: Content>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Envelope<C>>().to_value();
    if let Some(top) = schema.as_object_mut() {
        top.insert("title".to_owned(), json!(C::EVENT.as_str()));
    }
    let constants = [("type", json!({ "const": C::EVENT.as_str() })), ("version", json!({ "const": VERSION }))];
    for (name, constant) in constants {
        if let Some(property) = schema.pointer_mut(&format!("/properties/{name}")) {
            *property = constant;
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::endpoint::url::WebhookUrl;
    use crate::domain::endpoint::{EndpointDraft, health::Health};
    use crate::domain::ids::EndpointId;

    fn endpoint() -> Endpoint {
        Endpoint {
            id: EndpointId::new(),
            draft: EndpointDraft::to(WebhookUrl::parse("https://example.com/papo").expect("a URL")),
            quick: BTreeSet::new(),
            health: Health::default(),
            created_at: Timestamp::from_ms(0),
            archived_at: None,
        }
    }

    fn test_of(event: EventType) -> Value {
        let organisation = Named { id: "test_organisation".to_owned(), name: "Casa Murici".to_owned() };
        let body = test_body(event, EventId::new(), Timestamp::from_ms(1_795_350_896_789), organisation, &endpoint());
        serde_json::from_slice(&body).expect("JSON")
    }

    #[test]
    fn every_example_and_every_test_is_valid_by_its_own_schema_and_by_no_other() {
        for entry in entries() {
            let validator = jsonschema::validator_for(&entry.schema).expect("a schema");
            for body in [&entry.example, &test_of(entry.event)] {
                let errors: Vec<String> = validator.iter_errors(body).map(|error| format!("{error} at {}", error.instance_path)).collect();
                assert!(errors.is_empty(), "{}: {errors:?}", entry.event);
            }
            for other in entries().iter().filter(|other| other.event != entry.event) {
                assert!(!validator.is_valid(&other.example), "{} passes as {}", other.event, entry.event);
            }
        }
    }

    #[test]
    fn a_body_without_one_of_its_keys_is_invalid() {
        for entry in entries() {
            let validator = jsonschema::validator_for(&entry.schema).expect("a schema");
            let keys: Vec<String> = entry.example.pointer("/data").and_then(Value::as_object).expect("data").keys().cloned().collect();
            for key in keys {
                let mut body = entry.example.clone();
                body.pointer_mut("/data").and_then(Value::as_object_mut).expect("data").remove(&key);
                assert!(!validator.is_valid(&body), "{} without {key}", entry.event);
            }
        }
    }

    #[test]
    fn a_test_holds_example_addresses_and_test_ids_only() {
        fn walk(value: &Value, key: &str, ids: &mut BTreeSet<String>, texts: &mut Vec<String>) {
            match value {
                Value::Object(map) => map.iter().for_each(|(key, value)| walk(value, key, ids, texts)),
                Value::Array(list) => list.iter().for_each(|value| walk(value, key, ids, texts)),
                Value::String(text) if key == "id" || key == "chat_id" => {
                    ids.insert(text.clone());
                }
                Value::String(text) => texts.push(text.clone()),
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        for event in EventType::ALL.iter().filter(|event| **event != EventType::WebhookTest) {
            let (mut ids, mut texts) = (BTreeSet::new(), Vec::new());
            walk(&test_of(*event), "", &mut ids, &mut texts);
            assert!(ids.iter().all(|id| id.starts_with("test_")), "{event}: {ids:?}");
            let addresses = texts.iter().filter(|text| text.contains('@') || text.contains("://"));
            assert!(addresses.into_iter().all(|text| text.contains("example.com")), "{event}: {texts:?}");
        }
    }

    #[test]
    fn every_type_has_a_name_and_a_sentence_in_every_language() {
        for locale in ["pt-BR", "en", "es"] {
            let path = format!("{}/locales/{locale}/webhook.json", env!("CARGO_MANIFEST_DIR"));
            let texts: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("texts")).expect("JSON");
            for entry in entries() {
                for key in [entry.name_key(), entry.sentence_key()] {
                    let key = key.trim_start_matches("webhook.").to_owned();
                    // `webhook.test` is both a namespace and a type.
                    let text = texts.get(&key).or_else(|| texts.get(format!("webhook.{key}")));
                    assert!(text.and_then(Value::as_str).is_some_and(|text| !text.is_empty()), "{locale}: {key}");
                }
            }
        }
    }
}
