//! Tests the address that stands in a row of the quick set-up, saved or not: what was typed stays, and the answer stands beside it.
//!
//! An address that an endpoint has is tested as that endpoint, with its secret and on the record. Any other is posted to once through the same
//! guard, with a secret made for it, and kept nowhere; that it was asked for is in the audit log.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use bytes::Bytes;

use super::quick::{Shown, render};
use super::tests::{is_allowed, tested};
use super::verdict::Verdict;
use crate::domain::endpoint::secret::Signing;
use crate::domain::endpoint::url::WebhookUrl;
use crate::domain::event_type::EventType;
use crate::domain::ids::EventId;
use crate::domain::webhook_id::WebhookId;
use crate::i18n::Texts;
use crate::web::addresses::{Addresses, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Posted};
use crate::web::state::AppState;
use crate::webhooks::attempt::Post;
use crate::webhooks::signature;
use crate::wire::catalogue;
use crate::wire::payload::Named;

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/settings/webhooks/try", post(test_row));
}

async fn test_row(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let (mut form, t) = (posted.0, Texts::for_locale(me.0.locale));
    let event = form.value("try").parse().ok().filter(|event| EventType::QUICK.contains(event)).ok_or(AppError::Malformed)?;
    let url = match WebhookUrl::parse(form.value(event.as_str())) {
        Ok(url) => url,
        Err(refusal) => {
            form.refuse(event.as_str(), super::endpoint_form::url_text(refusal));
            return render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, Shown { form, ..Shown::default() }).await;
        }
    };
    let (status, verdict) = if is_allowed(&me, &state) {
        (StatusCode::OK, test(&me, &state, event, url, t).await?)
    } else {
        (StatusCode::TOO_MANY_REQUESTS, Verdict::refused(t, "settings.webhooks.test_slowly"))
    };
    render(status, &me, &state, Shown { form, verdict: Some((event, verdict)), ..Shown::default() }).await
}

async fn test(me: &Admin, state: &AppState, event: EventType, url: WebhookUrl, t: &'static Texts) -> Result<Verdict, AppError> {
    let directory = state.store.directory();
    let has_it = directory.endpoints.values().filter(|endpoint| endpoint.archived_at.is_none() && endpoint.draft.url == url);
    if let Some(endpoint) = has_it.min_by_key(|endpoint| endpoint.id) {
        let delivery = tested(me, state, endpoint.id, event).await?;
        return super::tests::verdict(state, delivery, t).await;
    }
    let organisation = directory.organisation.as_ref().ok_or(AppError::NotFound)?;
    state.store.note(me.0.author(), "webhooks.address_tested", "organisation", organisation.id.0).await?;
    let (id, now) = (EventId::new(), state.store.clock().now().wall);
    let named = Named { id: organisation.id.to_string(), name: organisation.name.clone() };
    let post = Post {
        id: WebhookId { event: id, test: true },
        body: Bytes::from(catalogue::trial_body(event, id, now, named, url.host())),
        number: 1,
        previous: None,
        headers: Vec::new(),
        secrets: vec![signature::generate(Signing::Hmac)],
        url,
    };
    let Ok(attempt) = state.trials.post(post).await else { return Ok(Verdict::refused(t, "settings.webhooks.test_busy")) };
    Ok(Verdict { hint: Some("settings.webhooks.test_unsaved"), ..Verdict::of(&attempt, t) })
}
