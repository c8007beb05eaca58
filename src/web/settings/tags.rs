//! The page of tags: add, rename, archive.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::{Asked, beside_its_field};
use crate::domain::ids::TagId;
use crate::domain::tag::Tag;
use crate::web::addresses::{Addresses, get, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::state::AppState;

/// Longest name of a tag, in Unicode scalar values: it must fit into a chat's head.
const TAG_LENGTH_MAX: usize = 60;

struct Row {
    id: TagId,
    name: String,
    typed: String,
    refused: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "settings/tags/index.html")]
struct TagsPage {
    frame: Frame,
    form: Form,
    tags: Vec<Row>,
    archived: Vec<Row>,
    archived_text: String,
}
framed!(TagsPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table
        .route("/settings/tags", get(list))
        .route("/settings/tags", post(create))
        .route("/settings/tags/{id}", post(rename))
        .route("/settings/tags/{id}/archive", post(archive))
        .route("/settings/tags/{id}/restore", post(restore));
}

async fn list(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    std::future::ready(render(StatusCode::OK, &me, &state, Form::default(), None, asked.told.as_deref())).await
}

async fn create(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let name = form.line("name", TAG_LENGTH_MAX);
    if form.is_clean() {
        match state.store.create_tag(name, me.0.author()).await {
            Ok(_) => return Ok(frame::go_to("/settings/tags?told=added")),
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, form, None, None)
}

async fn rename(me: Admin, id: Id<TagId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let name = form.line("name", TAG_LENGTH_MAX);
    if form.is_clean() {
        match state.store.rename_tag(id.0, name, me.0.author()).await {
            Ok(()) => return Ok(frame::go_to("/settings/tags?told=saved")),
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, Form::default(), Some((id.0, &form)), None)
}

async fn archive(me: Admin, id: Id<TagId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.archive_tag(id.0, me.0.author()).await?;
    Ok(frame::go_to("/settings/tags?told=archived"))
}

async fn restore(me: Admin, id: Id<TagId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let Err(error) = state.store.restore_tag(id.0, me.0.author()).await else {
        return Ok(frame::go_to("/settings/tags?told=restored"));
    };
    let mut form = Form::filled([("name", state.store.directory().tags.get(&id.0).map(|tag| tag.name.as_str()).unwrap_or_default())]);
    beside_its_field(&mut form, error)?;
    render(StatusCode::CONFLICT, &me, &state, form, None, None)
}

/// `renamed` is the tag whose new name was refused, and its form.
fn render(
    status: StatusCode,
    me: &Admin,
    state: &AppState,
    form: Form,
    renamed: Option<(TagId, &Form)>,
    told: Option<&str>,
) -> Result<HttpResponse, AppError> {
    let directory = state.store.directory();
    let mut all: Vec<&Tag> = directory.tags.values().collect();
    all.sort_by_key(|tag| (tag.name.to_lowercase(), tag.id));
    let row = |tag: &&Tag| {
        let refused = renamed.filter(|(id, _)| *id == tag.id).map(|(_, form)| form);
        let typed = refused.map_or(tag.name.as_str(), |form| form.value("name"));
        Row { id: tag.id, name: tag.name.clone(), typed: typed.to_owned(), refused: refused.and_then(|form| form.error("name")) }
    };
    let tags: Vec<Row> = all.iter().filter(|tag| tag.archived_at.is_none()).map(row).collect();
    let archived: Vec<Row> = all.iter().filter(|tag| tag.archived_at.is_some()).map(row).collect();
    let frame = Frame::settings(&me.0.agent, me.0.locale, "tags").telling(told);
    let archived_text = frame.t.count("settings.tags.archived", archived.len(), &[]);
    let page = TagsPage { frame, form, tags, archived, archived_text };
    frame::page(status, &page.frame.nonce, &page)
}
