//! The agents' pages: the console and the inbox of offline messages. Everything live on them comes through the socket.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde_json::json;

use super::addresses::{Addresses, get};
use super::error::AppError;
use super::extract::SignedIn;
use super::frame::{self, Frame, framed};
use super::state::AppState;
use crate::domain::ids::DepartmentId;
use crate::i18n::Texts;
use crate::wire::views::OfflineMessageView;

#[derive(Template)]
#[template(path = "console/index.html")]
struct ConsolePage {
    frame: Frame,
    config_json: String,
}
framed!(ConsolePage);

#[derive(Template)]
#[template(path = "console/offline.html")]
struct OfflinePage {
    frame: Frame,
    config_json: String,
    offline_messages_json: String,
}
framed!(OfflinePage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/", get(home)).route("/console", get(console)).route("/offline", get(offline));
}

async fn home(state: Data<AppState>) -> HttpResponse {
    let path = if state.store.directory().organisation.is_some() { "/console" } else { "/setup" };
    frame::go_to(path)
}

async fn console(who: SignedIn, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let page = ConsolePage { config_json: config(&who, &state), frame: framed_for(&who, "console") };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

async fn offline(who: SignedIn, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let directory = state.store.directory();
    let own: Vec<DepartmentId> = directory.departments_of(who.agent.id).iter().map(|department| department.id).collect();
    let messages = state.store.offline_messages(own).await?;
    let views: Vec<OfflineMessageView> = messages.iter().map(|message| OfflineMessageView::of(message, &directory)).collect();
    let page = OfflinePage {
        config_json: config(&who, &state),
        offline_messages_json: json!(views).to_string().replace('<', "\\u003c"),
        frame: framed_for(&who, "offline"),
    };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

fn framed_for(who: &SignedIn, section: &'static str) -> Frame {
    let mut frame = Frame::settings(&who.agent, who.locale, "");
    frame.section = section;
    frame.texts_json = Texts::for_locale(who.locale).json_of(&["console"]);
    frame
}

fn config(who: &SignedIn, state: &AppState) -> String {
    json!({
        "ws_url": state.config.socket_link("/ws/agent"),
        "agent": {"id": who.agent.id.to_string(), "name": who.agent.name, "role": who.agent.role.as_str()},
        "public_url": state.config.public_url.as_str(),
    })
    .to_string()
    .replace('<', "\\u003c")
}
