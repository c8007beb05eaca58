//! The quick set-up: a URL for each of the seven events, kept as endpoints like any other.

use std::collections::BTreeSet;

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::Store;
use super::endpoints::{changed, insert, seal_headers, seal_secrets};
use super::error::StoreError;
use super::schema::endpoints;
use super::writer::Tx;
use crate::auth::vault::Vault;
use crate::domain::endpoint::secret::Secret;
use crate::domain::endpoint::url::WebhookUrl;
use crate::domain::endpoint::{Endpoint, EndpointDraft};
use crate::domain::event_type::EventType;
use crate::domain::ids::EndpointId;
use crate::wire::stored_endpoint as stored;

impl Store {
    /// The quick set-up: for each type the URL it goes to, or none. Equal URLs are one endpoint; clearing a field removes that type only, and only
    /// where the quick set-up put it. `secrets` has one for each endpoint that may have to be made.
    ///
    /// # Errors
    /// A fault of the database.
    pub async fn quick_setup(
        &self,
        vault: &Vault,
        wanted: Vec<(EventType, Option<WebhookUrl>)>,
        secrets: Vec<Secret>,
    ) -> Result<(), StoreError> {
        let vault = vault.clone();
        self.write_guarded(move |tx| {
            let mut fresh = secrets.clone();
            for (event, url) in &wanted {
                for endpoint in quick_endpoints(tx, *event, url.as_ref()) {
                    set_quick(tx, &endpoint, *event, false)?;
                }
                if let Some(url) = url {
                    let found =
                        tx.directory.endpoints.values().find(|other| other.archived_at.is_none() && other.draft.url == *url).cloned();
                    let endpoint = match found {
                        Some(endpoint) => endpoint,
                        None => add_quick(tx, &vault, url, fresh.pop())?,
                    };
                    set_quick(tx, &endpoint, *event, true)?;
                }
            }
            changed(tx)
        })
        .await
    }
}

/// The endpoints that the quick set-up gave this type to, other than the one with this URL.
fn quick_endpoints(tx: &Tx<'_>, event: EventType, url: Option<&WebhookUrl>) -> Vec<Endpoint> {
    let of_quick = |endpoint: &&Endpoint| {
        endpoint.archived_at.is_none() && endpoint.quick.contains(&event) && url.is_none_or(|url| endpoint.draft.url != *url)
    };
    tx.directory.endpoints.values().filter(of_quick).cloned().collect()
}

fn add_quick(tx: &mut Tx<'_>, vault: &Vault, url: &WebhookUrl, secret: Option<Secret>) -> Result<Endpoint, StoreError> {
    let secret = secret.ok_or_else(|| StoreError::Database("too few secrets for the quick set-up".to_owned()))?;
    let id = EndpointId::new();
    let draft = EndpointDraft { plain_http_accepted: url.is_plain(), signing: secret.signing, ..EndpointDraft::to(url.clone()) };
    insert(tx, id, &draft, &seal_secrets(vault, id, &[secret]), &seal_headers(vault, id, &[]), &BTreeSet::new())?;
    changed(tx)?;
    tx.directory.endpoints.get(&id).cloned().ok_or(StoreError::NotFound)
}

fn set_quick(tx: &mut Tx<'_>, endpoint: &Endpoint, event: EventType, on: bool) -> Result<(), StoreError> {
    let (mut events, mut quick) = (endpoint.draft.filter.events.clone(), endpoint.quick.clone());
    if on {
        // A type that somebody subscribed by hand is not the quick set-up's to take away.
        if events.insert(event) {
            quick.insert(event);
        }
    } else {
        events.remove(&event);
        quick.remove(&event);
    }
    diesel::update(endpoints::table.find(endpoint.id))
        .set((endpoints::events.eq(stored::events_text(&events)), endpoints::quick_events.eq(stored::events_text(&quick))))
        .execute(tx.conn)?;
    changed(tx)
}
