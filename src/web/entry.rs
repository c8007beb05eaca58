//! The demo's one-time link into the console: a page, and a POST that uses it up. Exists in a demo alone.

use std::sync::{Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::addresses::{Addresses, get, post};
use super::error::AppError;
use super::extract::{Posted, Reader};
use super::frame::{self, Frame, framed};
use super::login;
use super::state::AppState;
use crate::auth::token::{Token, TokenHash};
use crate::domain::ids::AgentId;
use crate::domain::time::Timestamp;

/// Seconds that the link works.
const LINK_SECONDS: i64 = 600;

/// The link that was made, until it is used.
#[derive(Debug, Default)]
pub struct Entry(Mutex<Option<(TokenHash, AgentId, Timestamp)>>);

impl Entry {
    /// Makes the link's token. `now` is steady time.
    pub fn make(&self, agent: AgentId, now: Timestamp) -> Token {
        let token = Token::new();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.hash(), agent, now.plus_seconds(LINK_SECONDS)));
        token
    }

    fn holder(&self, token: &str, now: Timestamp) -> Option<AgentId> {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.as_ref().filter(|(hash, _, until)| *hash == TokenHash::of(token) && now < *until).map(|(_, agent, _)| *agent)
    }

    fn use_up(&self, token: &str, now: Timestamp) -> Option<AgentId> {
        let agent = self.holder(token, now)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map(|_| agent)
    }
}

#[derive(Template)]
#[template(path = "entry.html")]
struct EntryPage {
    frame: Frame,
    name: String,
    token: String,
    over: bool,
}
framed!(EntryPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/demo/{token}", get(show)).route("/demo/{token}", post(enter));
}

async fn show(token: Path<String>, reader: Reader, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let agent = state.entry.holder(&token, state.store.clock().now().steady);
    let directory = state.store.directory();
    let name = agent.map(|agent| directory.agent_name(agent).to_owned()).unwrap_or_default();
    let page = EntryPage { frame: Frame::signed_out(reader.0), name, token: token.into_inner(), over: agent.is_none() };
    let status = if page.over { StatusCode::GONE } else { StatusCode::OK };
    frame::page(status, &page.frame.nonce, &page)
}

async fn enter(
    request: HttpRequest,
    token: Path<String>,
    reader: Reader,
    _posted: Posted,
    state: Data<AppState>,
) -> Result<HttpResponse, AppError> {
    let Some(agent) = state.entry.use_up(&token, state.store.clock().now().steady) else {
        return show(token, reader, state).await;
    };
    let cookie = login::open_session(&request, &state, agent, false).await?;
    let mut answer = frame::go_to("/console");
    answer.add_cookie(&cookie).map_err(|_impossible| AppError::Malformed)?;
    Ok(answer)
}
