//! The OpenAPI 3.1 document, made of the same table as the routes, once.

use std::future::ready;
use std::sync::OnceLock;

use futures_util::FutureExt as _;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::operation::{Access, Operation, Reply, schema};
use super::query::{Kind, Parameter};
use super::{BASE, operations};
use crate::wire::api::Failure;

pub const OPERATIONS: &[Operation] = &[Operation {
    summary: "This document.",
    ..Operation::get(
        "/openapi.json",
        "getOpenApi",
        Access::Open,
        |_| json_schema!({"type": "object"}),
        |_| ready(Ok(Reply::Json(text().to_vec()))).boxed_local(),
    )
}];

/// The document's text.
fn text() -> &'static [u8] {
    static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
    TEXT.get_or_init(|| document().to_string().into_bytes())
}

fn document() -> Value {
    let settings = || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut taken = settings().for_deserialize().into_generator();
    let mut given = settings().for_serialize().into_generator();
    let failure = schema::<Failure>(&mut given);
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let path = paths.entry(format!("{BASE}{}", operation.path)).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.verb.method().as_str().to_lowercase(), entry(operation, &failure, &mut taken, &mut given));
        }
    }
    let mut schemas = given.take_definitions(true);
    schemas.extend(taken.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Papo",
            "version": "1",
            "description": "Every answer that isn't a success is {\"error\": {code, message, request_id}}; codes are stable. \
                Lists go on with next_cursor. Changes are additive.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http", "scheme": "bearer",
                    "description": "A token of POST /api/v1/sessions, which acts as its agent, or one made in the settings (papo_…) with its scopes.",
                },
            },
        },
    })
}

fn entry(operation: &Operation, failure: &Schema, taken: &mut SchemaGenerator, given: &mut SchemaGenerator) -> Value {
    let body = |schema: Value| json!({"application/json": {"schema": schema}});
    let success = match operation.response {
        Some(response) => json!({"description": "Done.", "content": body(response(given).to_value())}),
        None if !operation.media.is_empty() => {
            let content: Map<String, Value> =
                operation.media.iter().map(|media| ((*media).to_owned(), json!({"schema": {"type": "string"}}))).collect();
            json!({"description": "Done.", "content": content})
        }
        None => json!({"description": "Done."}),
    };
    let mut entry = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters(operation),
        "responses": {
            operation.status.to_string(): success,
            "default": {"description": "Not done.", "content": body(failure.clone().to_value())},
        },
    });
    let Some(object) = entry.as_object_mut() else { return entry };
    match operation.access {
        Access::Open => object.insert("security".to_owned(), json!([])),
        Access::Bearer => None,
        Access::Scope(scope) => object.insert("x-papo-scope".to_owned(), json!(scope)),
    };
    if let Some(request) = operation.request {
        object.insert("requestBody".to_owned(), json!({"content": body(request(taken).to_value())}));
    }
    entry
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    if operation.path.contains("{id}") {
        all.push(json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}));
    }
    all.extend(
        operation
            .query
            .iter()
            .map(|parameter| json!({"name": parameter.name, "in": "query", "description": parameter.about, "schema": kind(parameter)})),
    );
    if operation.idempotent {
        all.push(json!({
            "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": "^[!-~]{1,64}$"},
            "description": "Your own name for the command: sent twice, it acts once.",
        }));
    }
    all
}

fn kind(parameter: &Parameter) -> Value {
    match parameter.kind {
        Kind::Id => json!({"type": "string", "format": "uuid"}),
        Kind::Time => json!({"type": "string", "format": "date-time"}),
        Kind::Word(words) => json!({"type": "string", "enum": words()}),
        Kind::Number { min, max: i64::MAX } => json!({"type": "integer", "minimum": min}),
        Kind::Number { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Kind::Text => json!({"type": "string"}),
    }
}
