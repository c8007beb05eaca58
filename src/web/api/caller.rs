//! Whose request it is: a program signed in as an agent, or an API token with its scopes. Never a cookie.
//!
//! A token never exceeds who made it: its departments are those of its maker as of now, narrowed by its own.
//! Source: SECURITY.md, Authorisation.

use actix_web::HttpRequest;
use actix_web::http::header;
use uuid::Uuid;

use crate::auth::token::{TOKEN_BYTES_MAX, TokenHash};
use crate::domain::agent::{Agent, Role};
use crate::domain::chat::command::Actor;
use crate::domain::directory::Directory;
use crate::domain::ids::{ApiTokenId, DepartmentId, SessionId};
use crate::store::audit::Author;
use crate::store::search::Sight;
use crate::store::tokens::API_TOKEN_PREFIX;
use crate::web::client;
use crate::web::error::AppError;
use crate::web::state::AppState;

/// Scopes of what belongs to a department, so that people who aren't admins have them and tokens may be narrowed to some departments. The others
/// concern the whole organisation.
const SCOPES_OF_DEPARTMENTS: [&str; 4] = ["chats:read", "chats:write", "visitors:read", "visitors:write"];

/// What was presented.
#[derive(Clone, Debug)]
enum Proof {
    Session(SessionId),
    Token { id: ApiTokenId, scopes: Vec<String>, departments: Option<Vec<DepartmentId>> },
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who signed in, or who made the token.
    pub agent: Agent,
    proof: Proof,
    address: Option<String>,
}

impl Caller {
    /// Reads `Authorization: Bearer`.
    ///
    /// # Errors
    /// `Unauthorised` without a token in force; faults of the store.
    pub async fn of(request: &HttpRequest, state: &AppState) -> Result<Self, AppError> {
        let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or(AppError::Unauthorised)?;
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return Err(AppError::Unauthorised);
        }
        let hash = TokenHash::of(token);
        let (agent, proof) = if token.starts_with(API_TOKEN_PREFIX) {
            let token = state.store.api_token_of(hash).await?.ok_or(AppError::Unauthorised)?;
            (token.created_by, Proof::Token { id: token.id, scopes: token.scopes, departments: token.departments })
        } else {
            let session = state.store.session_of(hash).await?.filter(|session| session.program).ok_or(AppError::Unauthorised)?;
            (session.agent, Proof::Session(session.id))
        };
        let directory = state.store.directory();
        let agent = directory.agents.get(&agent).filter(|agent| agent.archived_at.is_none()).cloned().ok_or(AppError::Unauthorised)?;
        let address = client::address_of(request, &state.config).map(|address| address.to_string());
        Ok(Self { agent, proof, address })
    }

    /// What rates are counted by.
    #[must_use]
    pub const fn key(&self) -> Uuid {
        match &self.proof {
            Proof::Session(id) => id.0,
            Proof::Token { id, .. } => id.0,
        }
    }

    /// The session, where it is one.
    #[must_use]
    pub const fn session(&self) -> Option<SessionId> {
        match &self.proof {
            Proof::Session(id) => Some(*id),
            Proof::Token { .. } => None,
        }
    }

    /// In whose name chats are changed.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        match &self.proof {
            Proof::Session(_) => Actor::Agent(self.agent.id),
            Proof::Token { id, .. } => Actor::Api(*id),
        }
    }

    /// For the audit log: who signed in, or who answers for the token.
    #[must_use]
    pub fn author(&self) -> Author {
        Author { agent: self.agent.id, address: self.address.clone() }
    }

    /// Whether this may be done.
    #[must_use]
    pub fn may(&self, scope: &str) -> bool {
        self.require(scope).is_ok()
    }

    /// Refuses what may not be done.
    ///
    /// # Errors
    /// `ScopeMissing`; `Forbidden` where the person behind it, or the narrowing to departments, does not allow what the scope would.
    pub fn require(&self, scope: &str) -> Result<(), AppError> {
        let narrowed = match &self.proof {
            Proof::Token { scopes, .. } if !scopes.iter().any(|own| own == scope) => return Err(AppError::ScopeMissing(scope.to_owned())),
            Proof::Token { departments, .. } => departments.is_some(),
            Proof::Session(_) => false,
        };
        let whole = self.agent.role == Role::Admin && !narrowed;
        if whole || SCOPES_OF_DEPARTMENTS.contains(&scope) { Ok(()) } else { Err(AppError::Forbidden) }
    }

    /// The departments that it may act in.
    #[must_use]
    pub fn departments(&self, directory: &Directory) -> Vec<DepartmentId> {
        let of_agent = directory.departments_of(self.agent.id).into_iter().map(|department| department.id);
        match &self.proof {
            Proof::Token { departments: Some(own), .. } => of_agent.filter(|id| own.contains(id)).collect(),
            Proof::Token { departments: None, .. } | Proof::Session(_) => of_agent.collect(),
        }
    }

    /// The chats that it may see.
    #[must_use]
    pub fn sight(&self, directory: &Directory) -> Sight {
        Sight { departments: self.departments(directory), agent: self.session().map(|_| self.agent.id) }
    }
}
