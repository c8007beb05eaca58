//! The pages of departments: routing, limits, members, the archive with what stands in its way.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::{Asked, beside_its_field, span};
use crate::domain::department::{Department, LIMIT_SECONDS_MAX, Limits, Member, Routing};
use crate::domain::directory::Directory;
use crate::domain::ids::{AgentId, DepartmentId};
use crate::domain::text::NAME_LENGTH_MAX;
use crate::i18n::Texts;
use crate::store::departments::Blockers;
use crate::store::error::StoreError;
use crate::web::addresses::{Addresses, get, post};
use crate::web::error::AppError;
use crate::web::extract::{Admin, Id, Posted};
use crate::web::form::Form;
use crate::web::frame::{self, Frame, framed};
use crate::web::state::AppState;

/// Routing, key of its name, key of what it means.
const ROUTINGS: [(&str, &str, &str); 2] = [
    ("least_busy", "settings.departments.routing_least_busy", "settings.departments.routing_least_busy_hint"),
    ("manual", "settings.departments.routing_manual", "settings.departments.routing_manual_hint"),
];
/// Field, key of its name, key of what it does.
const LIMITS: [(&str, &str, &str); 6] = [
    ("wait_goal_seconds", "settings.departments.wait_goal", "settings.departments.wait_goal_hint"),
    ("wait_limit_seconds", "settings.departments.wait_limit", "settings.departments.wait_limit_hint"),
    ("grace_seconds", "settings.departments.grace", "settings.departments.grace_hint"),
    ("inactivity_seconds", "settings.departments.inactivity", "settings.departments.inactivity_hint"),
    ("agent_lost_seconds", "settings.departments.agent_lost", "settings.departments.agent_lost_hint"),
    ("offer_seconds", "settings.departments.offer", "settings.departments.offer_hint"),
];

struct Row {
    id: DepartmentId,
    name: String,
    /// How many people, in words; empty for nobody.
    members: String,
    routing_key: &'static str,
    wait_goal: String,
}

struct Blocker {
    text: String,
    href: Option<String>,
}

#[derive(Template)]
#[template(path = "settings/departments/index.html")]
struct ListPage {
    frame: Frame,
    departments: Vec<Row>,
    archived: Vec<Row>,
    archived_text: String,
}
framed!(ListPage);

#[derive(Template)]
#[template(path = "settings/departments/edit.html")]
struct EditPage {
    frame: Frame,
    heading: String,
    action: String,
    submit: &'static str,
    id: Option<DepartmentId>,
    archived: bool,
    form: Form,
    routings: [(&'static str, &'static str, &'static str); 2],
    limits: [(&'static str, &'static str, &'static str); 6],
    agents: Vec<(String, String)>,
    blockers: Vec<Blocker>,
}
framed!(EditPage);

/// The addresses of this module.
pub fn routes(table: &mut Addresses) {
    table
        .route("/settings/departments", get(list))
        .route("/settings/departments", post(create))
        .route("/settings/departments/new", get(begin))
        .route("/settings/departments/{id}", get(show))
        .route("/settings/departments/{id}", post(save))
        .route("/settings/departments/{id}/archive", post(archive))
        .route("/settings/departments/{id}/restore", post(restore));
}

/// Departments in use by name: id and name.
#[must_use]
pub fn in_use(directory: &Directory) -> Vec<(String, String)> {
    let mut found: Vec<_> = directory
        .departments
        .values()
        .filter(|department| department.archived_at.is_none())
        .map(|department| (department.id.to_string(), department.name.clone()))
        .collect();
    found.sort_by_key(|(id, name)| (name.to_lowercase(), id.clone()));
    found
}

async fn list(me: Admin, asked: Asked, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "departments").telling(asked.told.as_deref());
    let directory = state.store.directory();
    let mut all: Vec<&Department> = directory.departments.values().collect();
    all.sort_by_key(|department| (department.name.to_lowercase(), department.id));
    let row = |department: &&Department| Row {
        id: department.id,
        name: department.name.clone(),
        members: match department.members.iter().filter(|member| is_in_use(&directory, member.agent)).count() {
            0 => String::new(),
            n => frame.t.count("settings.departments.people", n, &[]),
        },
        routing_key: match department.routing {
            Routing::Manual => "settings.departments.routing_manual",
            Routing::LeastBusy => "settings.departments.routing_least_busy",
        },
        wait_goal: span(frame.t, department.limits.wait_goal_seconds),
    };
    let departments: Vec<Row> = all.iter().filter(|department| department.archived_at.is_none()).map(row).collect();
    let archived: Vec<Row> = all.iter().filter(|department| department.archived_at.is_some()).map(row).collect();
    let archived_text = frame.t.count("settings.departments.archived", archived.len(), &[]);
    let page = ListPage { frame, departments, archived, archived_text };
    std::future::ready(frame::page(StatusCode::OK, &page.frame.nonce, &page)).await
}

async fn begin(me: Admin, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = Form::filled([("routing", Routing::LeastBusy.as_str())]);
    fill_limits(&mut form, Limits::default());
    std::future::ready(render(StatusCode::OK, &me, &state, None, form, None, &Blockers::default())).await
}

async fn show(me: Admin, asked: Asked, id: Id<DepartmentId>, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let directory = state.store.directory();
    let department = directory.departments.get(&id.0).ok_or(AppError::NotFound)?;
    let form = filled(department);
    std::future::ready(render(StatusCode::OK, &me, &state, Some(department), form, asked.told.as_deref(), &Blockers::default())).await
}

async fn create(me: Admin, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let department = parse(&mut form, DepartmentId::new());
    if form.is_clean() {
        match state.store.create_department(department, me.0.author()).await {
            Ok(()) => return Ok(frame::go_to("/settings/departments?told=added")),
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, None, form, None, &Blockers::default())
}

async fn save(me: Admin, id: Id<DepartmentId>, posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let mut form = posted.0;
    let department = parse(&mut form, id.0);
    if form.is_clean() {
        match state.store.change_department(department, me.0.author()).await {
            Ok(()) => return Ok(frame::go_to("/settings/departments?told=saved")),
            Err(error) => beside_its_field(&mut form, error)?,
        }
    }
    let directory = state.store.directory();
    let known = directory.departments.get(&id.0).ok_or(AppError::NotFound)?;
    render(StatusCode::UNPROCESSABLE_ENTITY, &me, &state, Some(known), form, None, &Blockers::default())
}

async fn archive(me: Admin, id: Id<DepartmentId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    match state.store.archive_department(id.0, me.0.author()).await {
        Ok(()) => return Ok(frame::go_to("/settings/departments?told=archived")),
        Err(StoreError::Invalid(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let blockers = state.store.department_blockers(id.0).await?;
    let directory = state.store.directory();
    let department = directory.departments.get(&id.0).ok_or(AppError::NotFound)?;
    render(StatusCode::CONFLICT, &me, &state, Some(department), filled(department), None, &blockers)
}

async fn restore(me: Admin, id: Id<DepartmentId>, _posted: Posted, state: Data<AppState>) -> Result<HttpResponse, AppError> {
    let Err(error) = state.store.restore_department(id.0, me.0.author()).await else {
        return Ok(frame::go_to("/settings/departments?told=restored"));
    };
    let directory = state.store.directory();
    let department = directory.departments.get(&id.0).ok_or(AppError::NotFound)?;
    let mut form = filled(department);
    beside_its_field(&mut form, error)?;
    render(StatusCode::CONFLICT, &me, &state, Some(department), form, None, &Blockers::default())
}

fn is_in_use(directory: &Directory, agent: AgentId) -> bool {
    directory.agents.get(&agent).is_some_and(|agent| agent.archived_at.is_none())
}

fn filled(department: &Department) -> Form {
    let mut form = Form::filled([
        ("name", department.name.as_str()),
        ("external_id", department.external_id.as_deref().unwrap_or_default()),
        ("routing", department.routing.as_str()),
    ]);
    if department.tags_required {
        form.add("tags_required", "on");
    }
    fill_limits(&mut form, department.limits);
    for member in &department.members {
        form.add("member", &member.agent.to_string());
        if member.supervisor {
            form.add("supervisor", &member.agent.to_string());
        }
    }
    form
}

fn fill_limits(form: &mut Form, limits: Limits) {
    for (name, seconds) in [
        ("grace_seconds", Some(limits.grace_seconds)),
        ("wait_goal_seconds", Some(limits.wait_goal_seconds)),
        ("wait_limit_seconds", limits.wait_limit_seconds),
        ("inactivity_seconds", Some(limits.inactivity_seconds)),
        ("agent_lost_seconds", Some(limits.agent_lost_seconds)),
        ("offer_seconds", Some(limits.offer_seconds)),
    ] {
        form.add(name, &seconds.map(|seconds| seconds.to_string()).unwrap_or_default());
    }
}

fn parse(form: &mut Form, id: DepartmentId) -> Department {
    let supervised: Vec<String> = form.all("supervisor").map(str::to_owned).collect();
    let mut ids: Vec<String> = form.all("member").map(str::to_owned).chain(supervised.iter().cloned()).collect();
    ids.sort();
    ids.dedup();
    let members = ids.iter().filter_map(|id| Some(Member { agent: id.parse().ok()?, supervisor: supervised.contains(id) })).collect();
    let mut limit = |name: &str| form.number(name, 1, LIMIT_SECONDS_MAX);
    let limits = Limits {
        grace_seconds: limit("grace_seconds"),
        wait_goal_seconds: limit("wait_goal_seconds"),
        inactivity_seconds: limit("inactivity_seconds"),
        agent_lost_seconds: limit("agent_lost_seconds"),
        offer_seconds: limit("offer_seconds"),
        wait_limit_seconds: form.number_or_none("wait_limit_seconds", 1, LIMIT_SECONDS_MAX),
    };
    Department {
        id,
        name: form.line("name", NAME_LENGTH_MAX),
        external_id: form.line_or_none("external_id", NAME_LENGTH_MAX),
        routing: form.choice("routing", Routing::parse, Routing::LeastBusy),
        limits,
        tags_required: form.ticked("tags_required"),
        members,
        archived_at: None,
    }
}

fn blockers_shown(t: &Texts, directory: &Directory, blockers: &Blockers) -> Vec<Blocker> {
    let chats = (blockers.open_chats > 0).then(|| Blocker {
        text: t.count("settings.departments.blocked_chats", blockers.open_chats, &[]),
        href: Some("/console".to_owned()),
    });
    let sites = blockers.sites.iter().filter_map(|id| directory.sites.get(id)).map(|site| Blocker {
        text: t.with("settings.departments.blocked_site", [("name", &site.name)]),
        href: Some(format!("/settings/sites/{}", site.id)),
    });
    chats.into_iter().chain(sites).collect()
}

fn render(
    status: StatusCode,
    me: &Admin,
    state: &AppState,
    department: Option<&Department>,
    form: Form,
    told: Option<&str>,
    blockers: &Blockers,
) -> Result<HttpResponse, AppError> {
    let frame = Frame::settings(&me.0.agent, me.0.locale, "departments").telling(told);
    let directory = state.store.directory();
    let mut agents: Vec<_> = directory.agents.values().filter(|agent| agent.archived_at.is_none()).collect();
    agents.sort_by_key(|agent| (agent.name.to_lowercase(), agent.id));
    let page = EditPage {
        heading: department.map_or_else(|| frame.t.text("settings.departments.new").to_owned(), |department| department.name.clone()),
        action: department
            .map_or_else(|| "/settings/departments".to_owned(), |department| format!("/settings/departments/{}", department.id)),
        submit: if department.is_some() { "settings.save" } else { "settings.departments.create" },
        id: department.map(|department| department.id),
        archived: department.is_some_and(|department| department.archived_at.is_some()),
        form,
        routings: ROUTINGS,
        limits: LIMITS,
        agents: agents.into_iter().map(|agent| (agent.id.to_string(), agent.name.clone())).collect(),
        blockers: blockers_shown(frame.t, &directory, blockers),
        frame,
    };
    frame::page(status, &page.frame.nonce, &page)
}
