//! Bodies of requests: what isn't JSON is malformed; what is JSON but not what was asked for is refused by the name of its property.

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::{Bytes, Payload};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::operation::Call;
use crate::web::error::AppError;
use crate::web::extract::BODY_TIMEOUT;

/// Longest body, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Takes a body from the connection.
///
/// # Errors
/// `TooLarge`, at once where the request announces it; `Malformed` where it breaks off or doesn't come.
pub async fn take(request: &HttpRequest, payload: Payload) -> Result<Bytes, AppError> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| usize::try_from(bytes).map_or(true, |bytes| bytes > BODY_BYTES_MAX)) {
        return Err(AppError::TooLarge);
    }
    match timeout(BODY_TIMEOUT, payload.to_bytes_limited(BODY_BYTES_MAX)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(_broken))) => Err(AppError::Malformed),
        Ok(Err(_too_long)) => Err(AppError::TooLarge),
        Err(_elapsed) => Err(AppError::Malformed),
    }
}

impl Call {
    /// The body as what the operation asks for; no body at all is an empty object.
    ///
    /// # Errors
    /// `Malformed`, `Invalid`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, AppError> {
        read(&self.body)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, AppError> {
    let text = if body.is_empty() { b"{}" } else { body };
    let Ok(Value::Object(object)) = serde_json::from_slice(text) else { return Err(AppError::Malformed) };
    parsed::<T>(object.clone()).map_err(|problem| {
        let named = |prefix: &str| problem.strip_prefix(prefix).and_then(|rest| rest.split('`').next()).map(ToOwned::to_owned);
        if let Some(field) = named("missing field `") {
            return AppError::Invalid { field, code: "field_required" };
        }
        let field = named("unknown field `").or_else(|| culprit::<T>(&object, &problem)).unwrap_or_default();
        AppError::Invalid { field: field.chars().take(64).collect(), code: "field_invalid" }
    })
}

fn parsed<T: DeserializeOwned>(object: Map<String, Value>) -> Result<T, String> {
    serde_json::from_value(Value::Object(object)).map_err(|error| error.to_string())
}

/// The property without which the same problem no longer appears.
fn culprit<T: DeserializeOwned>(object: &Map<String, Value>, problem: &str) -> Option<String> {
    object
        .keys()
        .find(|key| {
            let mut rest = object.clone();
            rest.remove(key.as_str());
            parsed::<T>(rest).err().as_deref() != Some(problem)
        })
        .cloned()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::read;
    use crate::web::error::AppError;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        #[serde(rename = "name")]
        _name: String,
        #[serde(default, rename = "count")]
        _count: Option<u8>,
    }

    fn refused(body: &str) -> (&'static str, String) {
        match read::<Wish>(body.as_bytes()) {
            Err(AppError::Malformed) => ("malformed", String::new()),
            Err(AppError::Invalid { field, code }) => (code, field),
            other => (if other.is_ok() { "taken" } else { "other" }, String::new()),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, code, field) in [
            ("{", "malformed", ""),
            ("[]", "malformed", ""),
            ("\u{0}", "malformed", ""),
            ("", "field_required", "name"),
            (r#"{"count": 1}"#, "field_required", "name"),
            (r#"{"name": "a", "colour": 1}"#, "field_invalid", "colour"),
            (r#"{"name": 7}"#, "field_invalid", "name"),
            (r#"{"name": "a", "count": 256}"#, "field_invalid", "count"),
            (r#"{"name": "a", "count": 255}"#, "taken", ""),
        ] {
            assert_eq!(refused(body), (code, field.to_owned()), "{body}");
        }
    }
}
