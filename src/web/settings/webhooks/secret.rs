//! An endpoint's secret: masked until the admin's password was right, and rotated with both valid for a day. A public key is no secret.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use super::endpoint::Known;
use super::health::Reading;
use crate::domain::endpoint::secret::{Secret, Signing};
use crate::domain::ids::EndpointId;
use crate::store::endpoints::Keys;
use crate::web::addresses::{Addresses, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::frame;
use crate::web::state::AppState;
use crate::webhooks::signature;

/// What the page shows of the secrets.
pub(super) struct SecretPart {
    /// The kind of the present one and its last four characters.
    pub hint: String,
    /// What a receiver verifies with: at once where it is a public key, else after the password.
    pub shown: Option<String>,
    pub is_public: bool,
    /// Why the password didn't do.
    pub refused: Option<&'static str>,
    /// Those that were replaced and still sign: hint, and until when.
    pub old: Vec<(String, String)>,
}

impl SecretPart {
    /// Of an endpoint's secrets.
    pub fn of(keys: &Keys, reading: Reading<'_>) -> Self {
        let present = keys.secrets.first();
        let is_public = present.is_some_and(|secret| secret.signing == Signing::Ed25519);
        let old = keys.secrets.iter().skip(1).filter_map(|secret| {
            let until = secret.expires_at.filter(|at| *at > reading.now.wall)?;
            Some((masked(secret), reading.at(until)))
        });
        Self {
            hint: present.map(masked).unwrap_or_default(),
            shown: present.filter(|_| is_public).map(signature::verifier_text),
            is_public,
            refused: None,
            old: old.collect(),
        }
    }
}

/// The kind of a secret and its last four characters.
fn masked(secret: &Secret) -> String {
    let text = signature::verifier_text(secret);
    let kind = text.split_inclusive('_').next().unwrap_or_default();
    let last: Vec<char> = text.chars().rev().take(4).collect();
    format!("{kind}••••••••••••{}", last.into_iter().rev().collect::<String>())
}

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/webhooks/endpoints/{id}/reveal", post(reveal)).route("/settings/webhooks/endpoints/{id}/rotate", post(rotate));
}

async fn reveal(me: Admin, id: Id<EndpointId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let known = Known::open(&state, id.0).await?;
    let mut existing = known.existing(&me, &state);
    let email = &me.0.agent.email;
    let stored = state.store.password_hash_of(me.0.agent.id).await?;
    let right = match state.gate.enter(email, me.0.address, state.store.clock().now().steady) {
        Ok(()) => state.gate.verify(stored, posted.0.value("password").to_owned()).await,
        Err(closed) => Err(closed),
    };
    let status = match right {
        Ok(true) => {
            state.gate.password_was_right(email, me.0.address);
            state.store.note(me.0.author(), "endpoint.secret_revealed", "endpoint", id.0.0).await?;
            existing.secret.shown = known.keys.secrets.first().map(signature::verifier_text);
            StatusCode::OK
        }
        Ok(false) => {
            existing.secret.refused = Some("form.password_wrong");
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Err(_) => {
            existing.secret.refused = Some("login.slowly");
            StatusCode::TOO_MANY_REQUESTS
        }
    };
    known.answer(status, &me, &state, existing, None)
}

async fn rotate(me: Admin, id: Id<EndpointId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let signing = state.store.endpoint(id.0).await?.draft.signing;
    state.store.rotate_secret(&state.vault, id.0, signature::generate(signing)).await?;
    state.store.note(me.0.author(), "endpoint.secret_rotated", "endpoint", id.0.0).await?;
    Ok(frame::go_to(&format!("/settings/webhooks/endpoints/{}?told=rotated#secret", id.0)))
}
