//! Everything that speaks HTTP: the URL table, extractors, pages, REST and sockets.
//!
//! Knows no SQL; rules are the domain's.

pub mod api;
pub mod assets;
pub mod chat_reads;
pub mod client;
pub mod console;
pub mod device;
pub mod entry;
pub mod error;
pub mod export;
pub mod extract;
pub mod form;
pub mod frame;
pub mod gate;
pub mod health;
pub mod inspector;
pub mod lean;
pub mod login;
pub mod loopback;
mod made;
pub mod metrics;
mod new_password;
mod packing;
pub mod pages;
pub mod password;
pub mod rates;
pub mod session_cookie;
pub mod settings;
pub mod setup;
pub mod shop;
pub mod socket;
pub mod state;
pub mod unread;
pub mod widget;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use self::error::AppError;

/// Every address of the server.
pub fn routes(cfg: &mut ServiceConfig) {
    health::routes(cfg);
    metrics::routes(cfg);
    widget::routes(cfg);
    socket::routes(cfg);
    setup::routes(cfg);
    login::routes(cfg);
    password::routes(cfg);
    console::routes(cfg);
    entry::routes(cfg);
    settings::routes(cfg);
    api::routes(cfg);
    inspector::routes(cfg);
    cfg.route("/static/{address:.*}", web::get().to(assets::show));
    cfg.default_service(web::to(nothing_here));
}

async fn nothing_here(_request: HttpRequest) -> Result<HttpResponse, AppError> {
    Err(AppError::NotFound)
}
