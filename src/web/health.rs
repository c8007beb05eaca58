//! Whether the process lives, and whether it can work.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::addresses::{Addresses, get};
use super::error::AppError;
use super::state::AppState;

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table.route("/healthz", get(alive)).route("/readyz", get(ready));
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().insert_header(("cache-control", "no-store")).body("ok")
}

/// Ready means that the store takes writes; migrations ran before the server listened.
async fn ready(state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.check_writable().await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).body("ready"))
}
