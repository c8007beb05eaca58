//! Everything that speaks HTTP: the URL table, extractors, pages, REST and sockets.
//!
//! Knows no SQL; rules are the domain's.

pub mod addresses;
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
pub mod head;
pub mod health;
pub mod inspector;
pub mod lean;
pub mod login;
pub mod loopback;
mod made;
pub mod metrics;
mod new_password;
pub mod origin;
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

use self::addresses::{Addresses, get};
use self::error::AppError;

/// Every address of the server.
pub fn routes(cfg: &mut ServiceConfig) {
    let mut table = Addresses::default();
    health::routes(&mut table);
    metrics::routes(&mut table);
    widget::routes(&mut table);
    socket::routes(&mut table);
    setup::routes(&mut table);
    login::routes(&mut table);
    password::routes(&mut table);
    console::routes(&mut table);
    entry::routes(&mut table);
    settings::routes(&mut table);
    api::routes(&mut table);
    inspector::routes(&mut table);
    table.route("/static/{address:.*}", get(assets::show));
    table.register(cfg);
    cfg.default_service(web::to(nothing_here));
}

async fn nothing_here(_request: HttpRequest) -> Result<HttpResponse, AppError> {
    Err(AppError::NotFound)
}
