//! Answers that visitors' and agents' sockets give alike.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Answers;
use crate::domain::chat::refusal::Refusal;
use crate::domain::directory::Directory;
use crate::domain::ids::ChatId;
use crate::domain::text::{Body, TextError};
use crate::hub::close::Close;
use crate::i18n::Texts;
use crate::store::commands::{Done, Receipt};
use crate::store::error::StoreError;
use crate::web::error::AppError;
use crate::wire::commands::FrameError;
use crate::wire::frames::{CommonFrame, encode};
use crate::wire::time::rfc3339;

/// A command's own name and what it does, hashed, so that other content under the same name is noticed.
pub(super) fn receipt(client_id: &str, content: &impl std::fmt::Debug) -> Receipt {
    let digest = Sha256::digest(format!("{content:?}"));
    let mut fingerprint = [0; 16];
    fingerprint.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    Receipt { client_id: client_id.to_owned(), fingerprint }
}

/// A chat's id; nonsense is a chat that isn't there.
pub(super) fn chat_id(text: &str) -> Result<ChatId, AppError> {
    Uuid::try_parse(text).map(ChatId).map_err(|_unread| AppError::NotFound)
}

/// A message's body.
pub(super) fn body(text: &str) -> Result<Body, AppError> {
    Body::parse(text).map_err(|error| AppError::Invalid {
        field: "body".to_owned(),
        code: match error {
            TextError::Empty | TextError::Malformed => "message_empty",
            TextError::TooLong => "message_too_long",
        },
    })
}

/// Acknowledges a command.
pub(super) fn ack(answers: &mut Answers, client_id: &str, chat: Option<ChatId>, done: &Done) {
    answers.frames.push(encode(&CommonFrame::Ack {
        client_id,
        chat_id: chat.map(|chat| chat.to_string()),
        seq: done.seq,
        at: Some(rfc3339(done.at)),
        repeated: done.repeated,
    }));
}

/// Refuses a command, in the reader's language. A fault of the store that concerns everybody is logged.
pub(super) fn refuse(answers: &mut Answers, client_id: Option<&str>, error: &AppError, texts: &Texts, directory: &Directory) {
    if let AppError::Store(StoreError::Database(cause)) = error {
        tracing::error!(cause, "a command failed");
    }
    let name = match error {
        AppError::Store(StoreError::Refused(Refusal::AlreadyTaken { by })) | AppError::Refused(Refusal::AlreadyTaken { by }) => {
            directory.agent_name(*by)
        }
        _ => "",
    };
    answers.frames.push(encode(&CommonFrame::Error {
        client_id,
        code: error.code(),
        message: error.text(texts, name),
        field: error.field(),
        retry_after_ms: error.retry_after_ms(),
    }));
}

/// Refuses by code alone, where no command failed but the frame itself.
pub(super) fn refuse_code(answers: &mut Answers, client_id: Option<&str>, code: &'static str, detail: &str, texts: &Texts) {
    answers.frames.push(encode(&CommonFrame::Error {
        client_id,
        code,
        message: texts.with(&format!("error.{code}"), [("name", detail)]),
        field: None,
        retry_after_ms: None,
    }));
}

/// Refuses a frame that can't be read. Before `hello` that ends the socket.
pub(super) fn refuse_frame(answers: &mut Answers, error: &FrameError, ready: bool, texts: &Texts) -> Result<(), Close> {
    refuse_code(answers, error.client_id.as_deref(), error.code, &error.detail, texts);
    answers.malformed = true;
    if ready { Ok(()) } else { Err(Close::Policy) }
}
