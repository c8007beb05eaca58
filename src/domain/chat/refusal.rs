//! Why a command was not carried out.

use crate::domain::ids::AgentId;

/// A rule that refused. Each has a stable code; the text belongs to the reader's language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no such chat, or none that you may see")]
    NotFound,
    #[error("your role or department does not allow it")]
    Forbidden,
    #[error("the chat has ended")]
    ChatFinished,
    #[error("the chat is not active")]
    ChatNotActive,
    #[error("the chat is not waiting")]
    ChatNotWaiting,
    #[error("the chat was never started")]
    ChatNotStarted,
    #[error("another agent was first")]
    AlreadyTaken { by: AgentId },
    #[error("the receiver is not online or has no room")]
    AgentNoRoom,
    #[error("only the chat's agent or a supervisor may")]
    NotYourChat,
    #[error("no such tag")]
    TagUnknown,
    #[error("too many tags")]
    TagsTooMany,
    #[error("the department wants a tag before the end")]
    TagsRequired,
    #[error("a rating is 1 to 5")]
    RatingInvalid,
    #[error("the time for rating is over")]
    RatingClosed,
    #[error("the site does not share locations")]
    LocationOff,
    #[error("no place on earth")]
    LocationInvalid,
    #[error("no such department, or it is archived")]
    DepartmentUnavailable,
    #[error("this client_id was used for something else")]
    ClientIdReused,
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::ChatFinished => "chat_finished",
            Self::ChatNotActive => "chat_not_active",
            Self::ChatNotWaiting => "chat_not_waiting",
            Self::ChatNotStarted => "chat_not_started",
            Self::AlreadyTaken { .. } => "already_taken",
            Self::AgentNoRoom => "agent_no_room",
            Self::NotYourChat => "not_your_chat",
            Self::TagUnknown => "tag_unknown",
            Self::TagsTooMany => "tags_too_many",
            Self::TagsRequired => "tags_required",
            Self::RatingInvalid => "rating_invalid",
            Self::RatingClosed => "rating_closed",
            Self::LocationOff => "location_off",
            Self::LocationInvalid => "location_invalid",
            Self::DepartmentUnavailable => "department_unavailable",
            Self::ClientIdReused => "client_id_reused",
        }
    }
}
