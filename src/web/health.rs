//! Whether the process lives, and whether it can work.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};

use super::error::AppError;
use super::state::AppState;

/// The addresses of this module.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/healthz", web::get().to(alive)).route("/readyz", web::get().to(ready));
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).body("ok")
}

/// Ready means that the store takes writes; migrations ran before the server listened.
async fn ready(state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.check_writable().await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).body("ready"))
}
