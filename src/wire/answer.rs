//! What a receiver's answer says, read from JSON. Keys that are not known here are ignored; one that holds something else than it should makes the
//! whole answer unreadable. What may be taken of it is the domain's.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::enrichment::{Answer, CardTold, Reason, Scalar, Told};

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawAnswer {
    visitor: Option<RawVisitor>,
    card: Option<Vec<RawCard>>,
    tags: Option<Vec<String>>,
    department: Option<String>,
    note: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawVisitor {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    custom: Option<Map<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawCard {
    title: Option<String>,
    content: Option<String>,
    url: Option<String>,
}

/// Reads the body of a 2xx answer, of which everything is there.
#[must_use]
pub fn read(body: &[u8]) -> Told {
    // Scripts that were saved with a byte order mark send it along.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    if body.is_empty() {
        return Told::Nothing;
    }
    let raw = if body.starts_with(b"{") { serde_json::from_slice::<RawAnswer>(body).ok() } else { None };
    match raw.and_then(answer) {
        None => Told::Unread(Reason::Malformed),
        Some(answer) if answer.is_empty() => Told::Nothing,
        Some(answer) => Told::Answer(answer),
    }
}

fn answer(raw: RawAnswer) -> Option<Answer> {
    let visitor = raw.visitor.unwrap_or_default();
    let custom: Option<Vec<(String, Scalar)>> =
        visitor.custom.unwrap_or_default().into_iter().filter(|(_, value)| !is_blank(value)).map(custom_field).collect();
    let cards = raw.card.unwrap_or_default().into_iter().map(|card| CardTold {
        title: card.title.unwrap_or_default(),
        content: card.content.unwrap_or_default(),
        url: card.url.unwrap_or_default(),
    });
    Some(Answer {
        name: visitor.name.unwrap_or_default(),
        email: visitor.email.unwrap_or_default(),
        phone: visitor.phone.unwrap_or_default(),
        custom: custom?,
        cards: cards.collect(),
        tags: raw.tags.unwrap_or_default(),
        department: raw.department.unwrap_or_default(),
        note: raw.note.unwrap_or_default(),
    })
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// None for a list or an object.
fn custom_field((name, value): (String, Value)) -> Option<(String, Scalar)> {
    let value = match value {
        Value::String(text) => Scalar::Text(text),
        Value::Number(number) => Scalar::Number(number.to_string()),
        Value::Bool(flag) => Scalar::Flag(flag),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str) -> Answer {
        let answer = if let Told::Answer(answer) = read(json.as_bytes()) { Some(answer) } else { None };
        answer.expect("something is told")
    }

    #[test]
    fn a_whole_answer_is_read() {
        let answer = told(
            r#"{"visitor": {"name": "Ana", "email": "ana@example.com", "phone": "+5581998760142", "custom": {"plano": "ouro", "pedidos": 12, "vip": true, "nada": null}},
                "card": [{"title": "Pedido", "content": "10482", "url": "https://loja.example/10482"}, {"title": "Sem mais"}],
                "tags": ["VIP"], "department": "Trocas", "note": "cliente antigo"}"#,
        );
        let custom = [
            ("plano".to_owned(), Scalar::Text("ouro".to_owned())),
            ("pedidos".to_owned(), Scalar::Number("12".to_owned())),
            ("vip".to_owned(), Scalar::Flag(true)),
        ];
        assert_eq!((answer.name.as_str(), answer.custom.as_slice()), ("Ana", custom.as_slice()));
        assert_eq!((answer.cards.len(), answer.cards.first().map(|card| card.url.as_str())), (2, Some("https://loja.example/10482")));
        assert_eq!((answer.tags, answer.department.as_str(), answer.note.as_str()), (vec!["VIP".to_owned()], "Trocas", "cliente antigo"));
    }

    #[test]
    fn unknown_keys_are_ignored_at_every_depth() {
        let answer = told(r#"{"ok": true, "visitor": {"name": "Ana", "cpf": [1]}, "card": [{"title": "a", "content": "b", "icon": {}}]}"#);
        assert_eq!((answer.name.as_str(), answer.cards.len()), ("Ana", 1));
    }

    #[test]
    fn an_answer_of_another_shape_is_unread_as_a_whole() {
        for json in [
            "ok",
            "[]",
            "<p>",
            r#""ok""#,
            r#"{"visitor": {"name": "Ana"}"#,
            r#"{"visitor": "Ana"}"#,
            r#"{"visitor": {"name": 7, "email": "ana@example.com"}}"#,
            r#"{"visitor": {"custom": {"a": ["b"]}}}"#,
            r#"{"visitor": {"custom": {"a": {"b": 1}}}, "tags": ["VIP"]}"#,
            r#"{"card": {"title": "a"}}"#,
            r#"{"card": ["a"]}"#,
            r#"{"tags": "VIP"}"#,
            r#"{"tags": [null]}"#,
            r#"{"note": "a", "note": "b"}"#,
            "{\"note\": \"\u{0}\"}",
        ] {
            assert_eq!(read(json.as_bytes()), Told::Unread(Reason::Malformed), "{json}");
        }
        assert_eq!(read(b"{\"note\": \"\xff\"}"), Told::Unread(Reason::Malformed), "not UTF-8");
        assert_eq!(read("[".repeat(9_000).as_bytes()), Told::Unread(Reason::Malformed), "no depth of ours is used up");
    }

    #[test]
    fn nothing_told_is_nothing() {
        for json in [
            "",
            " \r\n",
            "{}",
            "\u{feff}{}",
            r#"{"ok": true}"#,
            r#"{"visitor": {"name": " ", "custom": {"a": ""}}, "tags": [], "note": null}"#,
        ] {
            assert_eq!(read(json.as_bytes()), Told::Nothing, "{json}");
        }
    }

    #[test]
    fn a_byte_order_mark_does_no_harm() {
        assert_eq!(told("\u{feff}{\"note\": \"oi\"}").note, "oi");
    }
}
