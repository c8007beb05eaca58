//! Webhook events, written in the transaction of the change that caused them.

use super::Tx;
use super::error::StoreError;
use crate::domain::agent::Availability;
use crate::domain::chat::Chat;
use crate::domain::chat::event::Recorded;
use crate::domain::ids::{AgentId, ChatId};
use crate::domain::offline::OfflineMessage;

/// Queues what an entry tells to the endpoints that want it. `chat` is the chat after the entry.
pub(super) fn enqueue_entry(_tx: &mut Tx<'_>, _chat: &Chat, _entry: &Recorded) -> Result<(), StoreError> {
    Ok(())
}

/// Queues `offline_message.created`.
pub(super) fn enqueue_offline_message(_tx: &mut Tx<'_>, _message: &OfflineMessage) -> Result<(), StoreError> {
    Ok(())
}

/// Queues `agent.availability_changed`.
pub(super) fn enqueue_availability(_tx: &mut Tx<'_>, _agent: AgentId, _from: Availability, _to: Availability) -> Result<(), StoreError> {
    Ok(())
}

/// Takes revoked coordinates out of stored bodies; undelivered ones end as `revoked`.
pub(super) fn forget_location(_tx: &mut Tx<'_>, _chat: ChatId) -> Result<(), StoreError> {
    Ok(())
}
