//! The OpenAPI document says what there is, all of it and nothing else.

use serde_json::Value;

use super::server::{EVERY_SCOPE, Server};

/// Method and path of every operation in the document, an id where one belongs.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let each = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods");
        methods.iter().map(|(method, operation)| {
            (method.to_uppercase(), path.replace("{id}", "01935e0c-0000-7000-8000-000000000000"), operation.clone())
        })
    });
    each.collect()
}

#[actix_web::test]
async fn every_operation_of_the_document_is_served_and_asks_for_a_token_where_it_says_so() {
    let server = Server::starts().await;
    let all = operations(server.document());
    assert!(all.len() > 20, "{}", all.len());
    for (method, path, operation) in &all {
        let answer = server.http.send(method, path, &[], b"").await;
        let open = operation["security"].as_array().is_some_and(Vec::is_empty);
        assert_eq!(answer.status == 401, !open, "{method} {path}: {}", answer.status);
        assert!(![404, 405].contains(&answer.status), "{method} {path}: {}", answer.status);
    }
}

#[actix_web::test]
async fn an_unknown_record_is_a_404_everywhere_and_never_a_fault() {
    let server = Server::starts().await;
    let token = server.token(EVERY_SCOPE).await;
    for (method, path, _) in operations(server.document()).iter().filter(|(_, path, _)| path.contains("01935e0c")) {
        let body = match path.rsplit('/').next() {
            Some("tags") => r#"{"tags": []}"#.to_owned(),
            Some("transfer") => format!(r#"{{"department_id": "{}"}}"#, server.department),
            _ => "{}".to_owned(),
        };
        for path in [path.clone(), path.replace("01935e0c-0000-7000-8000-000000000000", "nonsense")] {
            let bearer = format!("Bearer {token}");
            let answer = server.http.send(method, &path, &[("authorization", &bearer)], body.as_bytes()).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
        }
    }
}

#[actix_web::test]
async fn what_the_document_does_not_have_the_server_has_not() {
    let server = Server::starts().await;
    let known = operations(server.document());
    for (_, path, _) in &known {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if !known.iter().any(|(known_method, known_path, _)| known_method == method && known_path == path) {
                let answer = server.http.send(method, path, &[], b"").await;
                assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (405, Some("method_not_allowed")), "{method} {path}");
            }
        }
    }
    assert_eq!(server.http.get("/api/v1/nothing", &[]).await.status, 404);
}

#[actix_web::test]
async fn every_reference_of_the_document_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| match value {
                Value::String(target) if key == "$ref" => found.push(target),
                _ => references(value, found),
            }),
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let server = Server::starts().await;
    let document = server.document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = Vec::new();
    references(document, &mut found);
    assert!(found.len() > 20);
    for target in found {
        assert!(target.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).is_some(), "{target}");
    }
}
