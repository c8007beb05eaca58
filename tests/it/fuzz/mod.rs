//! Whatever a stranger sends: no panic, no 500, no hang. Random cases, as many as `PROPTEST_CASES` says (proptest's own default else).

mod http;
mod parsers;
mod sockets;

use proptest::prelude::*;
use serde_json::{Value, json};

/// Text that parsers have stumbled over somewhere, and any other.
fn text() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        " ",
        "\0",
        "\u{feff}",
        "\u{202e}oi",
        "%00",
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "' or 1=1 --",
        "\"; drop table chats; --",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "\r\nset-cookie: a=b",
        "9223372036854775808",
        "-1",
        "1e999",
        "NaN",
        "00000000-0000-0000-0000-000000000000",
        "0192f0c1-2345-7abc-8def-0123456789ab",
        "http://[::ffff:127.0.0.1]:99999/",
        "https://é.example/%zz",
        "Mon, 31 Feb 2026 25:61:61 GMT",
        "👩🏽‍💻",
        "a\u{0301}\u{0301}\u{0301}",
    ]);
    prop_oneof![
        3 => known.prop_map(str::to_owned),
        4 => any::<String>(),
        2 => "[ -~]{0,80}",
        1 => prop::collection::vec(any::<char>(), 0..400).prop_map(|chars| chars.into_iter().collect::<String>().repeat(30)),
    ]
}

/// Any JSON, not deep.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..6)
                .prop_map(|map| Value::from(map.into_iter().collect::<serde_json::Map<_, _>>())),
        ]
    })
}

/// Every kind of frame that a client sends, whole and right.
fn frames() -> Vec<Value> {
    let chat = "0192f0c1-2345-7abc-8def-0123456789ab";
    vec![
        json!({"type": "hello", "protocol": 1, "site": "abc", "token": null, "locale": "pt-BR", "timezone": "America/Recife", "page": {"url": "https://a.example/", "title": "a", "referrer": ""}, "resume": {"chat_id": chat, "seq": 3}}),
        json!({"type": "ping"}),
        json!({"type": "typing", "chat_id": chat, "on": true}),
        json!({"type": "mark", "chat_id": chat, "delivered": 4, "read": 3}),
        json!({"type": "page", "page": {"url": "https://a.example/b?utm_source=x", "title": "b", "referrer": "https://c.example"}}),
        json!({"type": "request", "client_id": "a", "name": "Ana", "email": "ana@example.com", "phone": "+55 81 98888-7777", "message": "oi", "fields": {"pedido": 7}, "consent": {"version": 1, "marketing": false}, "department_id": chat}),
        json!({"type": "message", "client_id": "b", "chat_id": chat, "body": "oi"}),
        json!({"type": "note", "client_id": "c", "chat_id": chat, "body": "oi"}),
        json!({"type": "leave", "client_id": "d", "chat_id": chat}),
        json!({"type": "finish", "client_id": "e", "chat_id": chat}),
        json!({"type": "rate", "client_id": "f", "chat_id": chat, "score": 5, "comment": "bom"}),
        json!({"type": "location", "client_id": "g", "chat_id": chat, "latitude": -8.05, "longitude": -34.9, "accuracy_m": 10.0}),
        json!({"type": "offline", "client_id": "h", "name": "Ana", "email": "a@b.co", "message": "oi", "fields": {}, "consent": {"version": 1}}),
        json!({"type": "accept", "client_id": "i", "chat_id": chat}),
        json!({"type": "tag", "client_id": "j", "chat_id": chat, "tags": [chat]}),
        json!({"type": "transfer", "client_id": "k", "chat_id": chat, "to": {"department_id": chat}, "note": "x"}),
        json!({"type": "availability", "client_id": "l", "state": "online", "reason": null}),
        json!({"type": "open", "client_id": "m", "chat_id": chat, "after": 0}),
        json!({"type": "history", "client_id": "n", "chat_id": chat, "before": 9}),
        json!({"type": "offline_done", "client_id": "o", "offline_message_id": chat}),
    ]
}

/// A frame with one field put wrong, cut off, or nothing like a frame.
fn frame() -> impl Strategy<Value = String> {
    let changed = (prop::sample::select(frames()), any::<prop::sample::Index>(), value()).prop_map(|(mut frame, at, value)| {
        let object = frame.as_object_mut().expect("frames are objects");
        let key = at.get(&object.keys().cloned().collect::<Vec<_>>()).clone();
        object.insert(key, value);
        frame.to_string()
    });
    let cut = (prop::sample::select(frames()), any::<prop::sample::Index>()).prop_map(|(frame, at)| {
        let text = frame.to_string();
        let end = at.index(text.chars().count());
        text.chars().take(end).collect()
    });
    let deep = (1_usize..3_000).prop_map(|depth| format!("{{\"type\":\"message\",\"body\":{}1{}}}", "[".repeat(depth), "]".repeat(depth)));
    prop_oneof![6 => changed, 2 => cut, 1 => value().prop_map(|value| value.to_string()), 1 => text(), 1 => deep]
}
