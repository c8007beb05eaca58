//! Signing a program in and out. The same gate as the sign-in page: unknown accounts get the same text after the same time.

use std::time::Duration;

use actix_web::http::header;
use futures_util::FutureExt as _;

use super::operation::{Access, Call, Operation, Reply, schema};
use crate::auth::token::Token;
use crate::store::error::StoreError;
use crate::store::sessions::NewSession;
use crate::web::client;
use crate::web::error::AppError;
use crate::web::gate::Closed;
use crate::web::login;
use crate::web::rates::Wait;
use crate::wire::api::sessions::{Session, SignIn};

/// Milliseconds without use after which a program's session ends.
const IDLE_MS: i64 = 30 * 24 * 3600 * 1000;
/// What one is told who guessed too often; the truth would tell a count.
const TOO_SOON: Duration = Duration::from_secs(30);

pub const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Signs a program in as an agent.",
        request: Some(schema::<SignIn>),
        status: 201,
        ..Operation::post("/sessions", "createSession", Access::Open, schema::<Session>, |call| open(call).boxed_local())
    },
    Operation {
        summary: "Ends the session whose token is presented.",
        ..Operation::delete("/sessions/current", "deleteSession", Access::Bearer, |call| close(call).boxed_local())
    },
];

async fn open(call: Call) -> Result<Reply, AppError> {
    let SignIn { email, password } = call.read()?;
    let (state, email) = (&call.state, email.trim());
    let agent = match login::check(&call.request, state, email, password).await? {
        Ok(agent) => agent.ok_or(AppError::CredentialsWrong)?,
        Err(Closed::Slowly) => return Err(Wait(TOO_SOON).into()),
        Err(Closed::Busy) => return Err(StoreError::Overloaded.into()),
    };
    let token = Token::new();
    let user_agent = call.request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    state
        .store
        .open_session(NewSession {
            agent,
            token: token.hash(),
            program: true,
            user_agent: user_agent.to_owned(),
            address: client::address_of(&call.request, &state.config).map(|address| address.to_string()).unwrap_or_default(),
            idle_ms: IDLE_MS,
        })
        .await?;
    let session = state.store.session_of(token.hash()).await?.ok_or(AppError::CredentialsWrong)?;
    let directory = state.store.directory();
    let account = directory.agents.get(&agent).ok_or(AppError::CredentialsWrong)?;
    Reply::json(&Session::opened(token.text(), session.expires_at, account))
}

async fn close(call: Call) -> Result<Reply, AppError> {
    let caller = call.caller()?;
    let session = caller.session().ok_or(AppError::Forbidden)?;
    call.state.store.revoke_session(session, caller.author()).await?;
    Ok(Reply::Empty)
}
