//! Acting on chats: the same commands as the console's, decided in the same place.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use sha2::{Digest as _, Sha256};

use super::operation::{Access, Call, Operation, Reply, schema};
use crate::domain::chat::command::{Command, Recipient};
use crate::domain::ids::{ChatId, TagId};
use crate::domain::text::{Body, TextError};
use crate::store::commands::Receipt;
use crate::web::error::AppError;
use crate::wire::api::chats::{Closure, Outcome, SetTags, Transfer};

/// Longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 64;
const WRITE: Access = Access::Scope("chats:write");

pub const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Sets all tags of a chat.",
        request: Some(schema::<SetTags>),
        idempotent: true,
        ..Operation::post("/chats/{id}/tags", "setChatTags", WRITE, schema::<Outcome>, |call| tag(call).boxed_local())
    },
    Operation {
        summary: "Finishes a chat that has been started.",
        request: Some(schema::<Closure>),
        idempotent: true,
        ..Operation::post("/chats/{id}/closure", "finishChat", WRITE, schema::<Outcome>, |call| finish(call).boxed_local())
    },
    Operation {
        summary: "Hands a chat to an agent or a department.",
        request: Some(schema::<Transfer>),
        idempotent: true,
        ..Operation::post("/chats/{id}/transfer", "transferChat", WRITE, schema::<Outcome>, |call| transfer(call).boxed_local())
    },
];

async fn tag(call: Call) -> Result<Reply, AppError> {
    let wish: SetTags = call.read()?;
    let tags: Result<BTreeSet<TagId>, _> = wish.tags.iter().map(|tag| tag.parse()).collect();
    let tags = tags.map_err(|_nonsense| invalid("tags", "tag_unknown"))?;
    execute(&call, Command::Tag(tags)).await
}

async fn finish(call: Call) -> Result<Reply, AppError> {
    let Closure {} = call.read()?;
    execute(&call, Command::Finish).await
}

async fn transfer(call: Call) -> Result<Reply, AppError> {
    let wish: Transfer = call.read()?;
    let to = match (wish.agent_id, wish.department_id) {
        (Some(agent), None) => Recipient::Agent(agent.parse().map_err(|_nonsense| invalid("agent_id", "agent_no_room"))?),
        (None, Some(department)) => {
            Recipient::Department(department.parse().map_err(|_nonsense| invalid("department_id", "department_unavailable"))?)
        }
        (None, None) => return Err(invalid("agent_id", "field_required")),
        (Some(_), Some(_)) => return Err(invalid("department_id", "field_invalid")),
    };
    let note = wish.note.filter(|note| !note.trim().is_empty()).map(|note| Body::parse(&note)).transpose();
    let note = note.map_err(|error| match error {
        TextError::TooLong => invalid("note", "message_too_long"),
        TextError::Empty | TextError::Malformed => invalid("note", "message_empty"),
    })?;
    execute(&call, Command::Transfer { to, note }).await
}

async fn execute(call: &Call, command: Command) -> Result<Reply, AppError> {
    let (caller, store) = (call.caller()?, &call.state.store);
    let id: ChatId = call.id()?;
    let receipt = receipt(call, &command)?;
    let done = match caller.session() {
        Some(_) => store.execute(id, caller.actor(), command, receipt).await?,
        None => store.execute_within(caller.departments(&store.directory()), id, caller.actor(), command, receipt).await?,
    };
    Reply::json(&Outcome::new(id, done.seq, done.at, done.repeated))
}

/// `Idempotency-Key`, with a hash of the command, so that other content under the same name is noticed.
fn receipt(call: &Call, command: &Command) -> Result<Option<Receipt>, AppError> {
    let Some(key) = call.header("idempotency-key")? else { return Ok(None) };
    if key.is_empty() || key.len() > KEY_BYTES_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid("Idempotency-Key", "client_id_invalid"));
    }
    let mut fingerprint = [0; 16];
    fingerprint.iter_mut().zip(Sha256::digest(format!("{command:?}"))).for_each(|(to, from)| *to = from);
    Ok(Some(Receipt { client_id: key.to_owned(), fingerprint }))
}

fn invalid(field: &str, code: &'static str) -> AppError {
    AppError::Invalid { field: field.to_owned(), code }
}
