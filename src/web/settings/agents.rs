//! The pages of people: who signs in, with what role, in which departments; links to set a password; the archive.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::{Asked, beside_its_field};
use crate::domain::agent::{Agent, Role};
use crate::domain::directory::Directory;
use crate::domain::ids::{AgentId, DepartmentId};
use crate::domain::text::NAME_LENGTH_MAX;
use crate::store::error::StoreError;
use crate::store::people::AgentData;
use crate::web::addresses::{Addresses, get, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed, initials};
use crate::web::state::AppState;

/// Most chats at once that can be set.
const CHATS_MAX: i64 = 100;

/// Role, key of its name, key of what it means.
const ROLES: [(&str, &str, &str); 3] = [
    ("agent", "settings.agents.role_agent", "settings.agents.role_agent_hint"),
    ("supervisor", "settings.agents.role_supervisor", "settings.agents.role_supervisor_hint"),
    ("admin", "settings.agents.role_admin", "settings.agents.role_admin_hint"),
];

struct Row {
    id: AgentId,
    name: String,
    initials: String,
    email: String,
    role_key: &'static str,
    departments: String,
    chats_max: i32,
    without_password: bool,
}

#[derive(Template)]
#[template(path = "settings/agents/index.html")]
struct ListPage {
    frame: Frame,
    agents: Vec<Row>,
    archived: Vec<Row>,
    archived_text: String,
}
framed!(ListPage);

#[derive(Template)]
#[template(path = "settings/agents/edit.html")]
struct EditPage {
    frame: Frame,
    heading: String,
    action: String,
    submit: &'static str,
    id: Option<AgentId>,
    archived: bool,
    may_archive: bool,
    form: Form,
    roles: [(&'static str, &'static str, &'static str); 3],
    departments: Vec<(String, String)>,
}
framed!(EditPage);

#[derive(Template)]
#[template(path = "settings/agents/link.html")]
struct LinkPage {
    frame: Frame,
    name: String,
    link: String,
}
framed!(LinkPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table
        .route("/settings/agents", get(list))
        .route("/settings/agents", post(create))
        .route("/settings/agents/new", get(begin))
        .route("/settings/agents/{id}", get(show))
        .route("/settings/agents/{id}", post(save))
        .route("/settings/agents/{id}/password-link", post(make_link))
        .route("/settings/agents/{id}/archive", post(archive))
        .route("/settings/agents/{id}/restore", post(restore));
}

async fn list(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let without_password = state.store.agents_without_password().await?;
    let directory = state.store.directory();
    let mut people: Vec<&Agent> = directory.agents.values().collect();
    people.sort_by_key(|agent| (agent.name.to_lowercase(), agent.id));
    let row = |agent: &&Agent| Row {
        id: agent.id,
        name: agent.name.clone(),
        initials: initials(&agent.name),
        email: agent.email.clone(),
        role_key: role_key(agent.role),
        departments: places_of(&directory, agent.id).map(|(department, _)| department.name.as_str()).collect::<Vec<_>>().join(", "),
        chats_max: agent.chats_max,
        without_password: without_password.contains(&agent.id),
    };
    let (agents, archived): (Vec<_>, Vec<_>) = people.iter().partition::<Vec<&Agent>, _>(|agent| agent.archived_at.is_none());
    let (agents, archived): (Vec<Row>, Vec<Row>) = (agents.iter().map(row).collect(), archived.iter().map(row).collect());
    let frame = Frame::settings(&me.0.agent, me.0.locale, "agents").telling(asked.told.as_deref());
    let archived_text = frame.t.count("settings.agents.archived", archived.len(), &[]);
    let page = ListPage { frame, agents, archived, archived_text };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

async fn begin(me: Admin, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let form = Form::filled([("role", "agent"), ("chats_max", "6")]);
    std::future::ready(render(StatusCode::OK, &me, &state, None, form, None)).await
}

async fn show(me: Admin, asked: Asked, id: Id<AgentId>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let directory = state.store.directory();
    let agent = directory.agents.get(&id.0).ok_or(AppError::NotFound)?;
    let mut form = Form::filled([
        ("name", agent.name.as_str()),
        ("email", &agent.email),
        ("role", agent.role.as_str()),
        ("chats_max", &agent.chats_max.to_string()),
        ("external_id", agent.external_id.as_deref().unwrap_or_default()),
    ]);
    for (department, supervisor) in places_of(&directory, agent.id) {
        form.add("member", &department.id.to_string());
        if supervisor {
            form.add("supervisor", &department.id.to_string());
        }
    }
    std::future::ready(render(StatusCode::OK, &me, &state, Some(agent), form, asked.told.as_deref())).await
}

async fn create(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let data = parse(&mut form);
    if form.is_clean() {
        match state.store.create_agent(data, me.0.author()).await {
            Ok(id) => return link(&me, &state, id).await,
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, None, form, None)
}

async fn save(me: Admin, id: Id<AgentId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let data = parse(&mut form);
    if form.is_clean() {
        match state.store.change_agent(id.0, data, me.0.author()).await {
            Ok(()) => return Ok(frame::go_to("/settings/agents?told=saved")),
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    let directory = state.store.directory();
    let agent = directory.agents.get(&id.0).ok_or(AppError::NotFound)?;
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, Some(agent), form, None)
}

async fn make_link(me: Admin, id: Id<AgentId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    link(&me, &state, id.0).await
}

async fn archive(me: Admin, id: Id<AgentId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    if id.0 == me.0.agent.id {
        return Err(AppError::Forbidden);
    }
    match state.store.archive_agent(id.0, me.0.author()).await {
        Ok(()) => Ok(frame::go_to("/settings/agents?told=archived")),
        Err(StoreError::Invalid(_)) => Err(AppError::Forbidden),
        Err(error) => Err(error.into()),
    }
}

async fn restore(me: Admin, id: Id<AgentId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    state.store.restore_agent(id.0, me.0.author()).await?;
    link(&me, &state, id.0).await
}

/// Makes a link and shows it, this once.
async fn link(me: &Admin, state: &AppState, id: AgentId) -> Result<HttpResponse, AppError> {
    let token = state.store.create_password_link(id, me.0.author()).await?;
    let link = state.config.link(&format!("/password/{}", token.text()));
    let name = state.store.directory().agent_name(id).to_owned();
    let page = LinkPage { frame: Frame::settings(&me.0.agent, me.0.locale, "agents"), name, link };
    frame::page(StatusCode::OK, &page.frame.nonce, &page)
}

fn parse(form: &mut Form) -> AgentData {
    let supervised: Vec<String> = form.all("supervisor").map(str::to_owned).collect();
    let mut ids: Vec<String> = form.all("member").map(str::to_owned).chain(supervised.iter().cloned()).collect();
    ids.sort();
    ids.dedup();
    let places = ids.iter().filter_map(|id| Some((id.parse::<DepartmentId>().ok()?, supervised.contains(id)))).collect();
    AgentData {
        name: form.line("name", NAME_LENGTH_MAX),
        email: form.email("email"),
        role: form.choice("role", Role::parse, Role::Agent),
        chats_max: i32::try_from(form.number("chats_max", 1, CHATS_MAX)).unwrap_or(1),
        external_id: form.line_or_none("external_id", NAME_LENGTH_MAX),
        places,
    }
}

/// The departments in use that somebody belongs to, by name, and whether supervised.
fn places_of(directory: &Directory, agent: AgentId) -> impl Iterator<Item = (&crate::domain::department::Department, bool)> {
    let mut places: Vec<_> = directory
        .departments
        .values()
        .filter(|department| department.archived_at.is_none())
        .filter_map(|department| Some((department, department.member(agent)?.supervisor)))
        .collect();
    places.sort_by_key(|(department, _)| (department.name.to_lowercase(), department.id));
    places.into_iter()
}

fn role_key(role: Role) -> &'static str {
    match role {
        Role::Agent => "settings.agents.role_agent",
        Role::Supervisor => "settings.agents.role_supervisor",
        Role::Admin => "settings.agents.role_admin",
    }
}

fn render(
    status: StatusCode,
    me: &Admin,
    state: &AppState,
    agent: Option<&Agent>,
    form: Form,
    told: Option<&str>,
) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "agents").telling(told);
    let page = EditPage {
        heading: agent.map_or_else(|| frame.t.text("settings.agents.new").to_owned(), |agent| agent.name.clone()),
        action: agent.map_or_else(|| "/settings/agents".to_owned(), |agent| format!("/settings/agents/{}", agent.id)),
        submit: if agent.is_some() { "settings.save" } else { "settings.agents.create" },
        id: agent.map(|agent| agent.id),
        archived: agent.is_some_and(|agent| agent.archived_at.is_some()),
        may_archive: agent.is_some_and(|agent| agent.id != me.0.agent.id),
        form,
        roles: ROLES,
        departments: super::departments::in_use(&state.store.directory()),
        frame,
    };
    frame::page(status, &page.frame.nonce, &page)
}
