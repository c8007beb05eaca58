//! Frames from sockets, parsed. What a field may hold is the domain's to say; here it has the right type.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Longest `client_id`, in bytes.
pub const CLIENT_ID_LENGTH_MAX: usize = 64;

/// What was wrong with a frame.
#[derive(Debug, PartialEq, Eq)]
pub struct FrameError {
    /// The command's own id, where it could be read, so that the answer finds it.
    pub client_id: Option<String>,
    /// `frame_malformed`, `command_unknown` or `client_id_invalid`.
    pub code: &'static str,
    /// What the parser says; names the field.
    pub detail: String,
}

/// The page that a visitor says to be on.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ClaimedPage {
    pub url: Option<String>,
    pub title: Option<String>,
    pub referrer: Option<String>,
}

/// How far the client got.
#[derive(Clone, Debug, Deserialize)]
pub struct Resume {
    pub chat_id: String,
    #[serde(default)]
    pub seq: i64,
}

/// What a visitor agreed to.
#[derive(Clone, Debug, Deserialize)]
pub struct ClaimedConsent {
    #[serde(deserialize_with = "version")]
    pub version: i32,
    #[serde(default)]
    pub marketing: bool,
}

/// A version as a number, or as the text of one.
fn version<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrText {
        Number(i32),
        Text(String),
    }
    match NumberOrText::deserialize(deserializer)? {
        NumberOrText::Number(number) => Ok(number),
        NumberOrText::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

/// What a visitor's client sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum VisitorCommand {
    Hello {
        protocol: u32,
        site: String,
        token: Option<String>,
        locale: Option<String>,
        timezone: Option<String>,
        #[serde(default)]
        page: ClaimedPage,
        resume: Option<Resume>,
    },
    Ping,
    Typing {
        chat_id: String,
        on: bool,
    },
    Mark {
        chat_id: String,
        #[serde(default)]
        delivered: i64,
        #[serde(default)]
        read: i64,
    },
    Page {
        page: ClaimedPage,
    },
    Request {
        client_id: String,
        department_id: Option<String>,
        name: Option<String>,
        email: Option<String>,
        phone: Option<String>,
        #[serde(default)]
        fields: serde_json::Map<String, serde_json::Value>,
        message: Option<String>,
        consent: Option<ClaimedConsent>,
        previous_chat_id: Option<String>,
    },
    Message {
        client_id: String,
        chat_id: String,
        body: String,
    },
    Locate {
        client_id: String,
        chat_id: String,
        latitude: f64,
        longitude: f64,
        accuracy_m: f64,
        source: String,
    },
    RevokeLocation {
        client_id: String,
        chat_id: String,
    },
    Stay {
        client_id: String,
        chat_id: String,
    },
    Leave {
        client_id: String,
        chat_id: String,
    },
    Finish {
        client_id: String,
        chat_id: String,
    },
    Rate {
        client_id: String,
        chat_id: String,
        score: i32,
        comment: Option<String>,
    },
    OfflineMessage {
        client_id: String,
        department_id: Option<String>,
        name: Option<String>,
        email: Option<String>,
        phone: Option<String>,
        body: String,
        consent: Option<ClaimedConsent>,
        chat_id: Option<String>,
    },
    History {
        client_id: String,
        chat_id: String,
        before: i64,
    },
}

/// To whom an agent hands a chat.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimedRecipient {
    AgentId(String),
    DepartmentId(String),
}

/// What an agent's client sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentCommand {
    Hello {
        protocol: u32,
        token: Option<String>,
    },
    Ping,
    Typing {
        chat_id: String,
        on: bool,
    },
    Mark {
        chat_id: String,
        #[serde(default)]
        delivered: i64,
        #[serde(default)]
        read: i64,
    },
    Open {
        client_id: String,
        chat_id: String,
        after: Option<i64>,
    },
    Shut {
        client_id: String,
        chat_id: String,
    },
    History {
        client_id: String,
        chat_id: String,
        before: i64,
    },
    Accept {
        client_id: String,
        chat_id: String,
    },
    Decline {
        client_id: String,
        chat_id: String,
    },
    Message {
        client_id: String,
        chat_id: String,
        body: String,
    },
    Note {
        client_id: String,
        chat_id: String,
        body: String,
    },
    Tag {
        client_id: String,
        chat_id: String,
        tags: Vec<String>,
    },
    Transfer {
        client_id: String,
        chat_id: String,
        to: ClaimedRecipient,
        note: Option<String>,
    },
    AskLocation {
        client_id: String,
        chat_id: String,
    },
    Finish {
        client_id: String,
        chat_id: String,
    },
    Availability {
        client_id: String,
        state: String,
        reason: Option<String>,
    },
    OfflineMessages {
        client_id: String,
    },
    OfflineDone {
        client_id: String,
        offline_message_id: String,
    },
}

impl VisitorCommand {
    /// The command's own id; none where no answer is wanted.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Hello { .. } | Self::Ping | Self::Typing { .. } | Self::Mark { .. } | Self::Page { .. } => None,
            Self::Request { client_id, .. }
            | Self::Message { client_id, .. }
            | Self::Locate { client_id, .. }
            | Self::RevokeLocation { client_id, .. }
            | Self::Stay { client_id, .. }
            | Self::Leave { client_id, .. }
            | Self::Finish { client_id, .. }
            | Self::Rate { client_id, .. }
            | Self::OfflineMessage { client_id, .. }
            | Self::History { client_id, .. } => Some(client_id),
        }
    }
}

impl AgentCommand {
    /// The command's own id; none where no answer is wanted.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Hello { .. } | Self::Ping | Self::Typing { .. } | Self::Mark { .. } => None,
            Self::Open { client_id, .. }
            | Self::Shut { client_id, .. }
            | Self::History { client_id, .. }
            | Self::Accept { client_id, .. }
            | Self::Decline { client_id, .. }
            | Self::Message { client_id, .. }
            | Self::Note { client_id, .. }
            | Self::Tag { client_id, .. }
            | Self::Transfer { client_id, .. }
            | Self::AskLocation { client_id, .. }
            | Self::Finish { client_id, .. }
            | Self::Availability { client_id, .. }
            | Self::OfflineMessages { client_id }
            | Self::OfflineDone { client_id, .. } => Some(client_id),
        }
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<std::borrow::Cow<'a, str>>,
    client_id: Option<serde_json::Value>,
}

/// Words that visitors' clients may say.
pub const VISITOR_WORDS: [&str; 15] = [
    "hello",
    "ping",
    "typing",
    "mark",
    "page",
    "request",
    "message",
    "locate",
    "revoke_location",
    "stay",
    "leave",
    "finish",
    "rate",
    "offline_message",
    "history",
];
/// Words that agents' clients may say.
pub const AGENT_WORDS: [&str; 18] = [
    "hello",
    "ping",
    "typing",
    "mark",
    "open",
    "shut",
    "history",
    "accept",
    "decline",
    "message",
    "note",
    "tag",
    "transfer",
    "ask_location",
    "finish",
    "availability",
    "offline_messages",
    "offline_done",
];

/// Parses a visitor's frame.
///
/// # Errors
/// What is wrong with it.
pub fn visitor(text: &str) -> Result<VisitorCommand, FrameError> {
    parse(text, &VISITOR_WORDS)
}

/// Parses an agent's frame.
///
/// # Errors
/// What is wrong with it.
pub fn agent(text: &str) -> Result<AgentCommand, FrameError> {
    parse(text, &AGENT_WORDS)
}

fn parse<T: DeserializeOwned>(text: &str, words: &[&str]) -> Result<T, FrameError> {
    let malformed = |client_id: Option<String>, error: serde_json::Error| {
        // What the parser says of `\ud83d` without its other half.
        let detail = error.to_string().replace("unexpected end of hex escape", "half of a surrogate pair, or an escape that ends early,");
        FrameError { client_id, code: "frame_malformed", detail }
    };
    let head: Head<'_> = serde_json::from_str(text).map_err(|error| malformed(None, error))?;
    let client_id = match head.client_id {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(id)) if is_client_id(&id) => Some(id),
        Some(_) => return Err(FrameError { client_id: None, code: "client_id_invalid", detail: String::new() }),
    };
    let Some(kind) = head.kind else {
        return Err(FrameError { client_id, code: "frame_malformed", detail: "missing field `type`".to_owned() });
    };
    if !words.contains(&kind.as_ref()) {
        return Err(FrameError { client_id, code: "command_unknown", detail: kind.into_owned() });
    }
    serde_json::from_str(text).map_err(|error| malformed(client_id, error))
}

fn is_client_id(id: &str) -> bool {
    (1..=CLIENT_ID_LENGTH_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
