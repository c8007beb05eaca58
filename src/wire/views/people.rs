//! What clients see of agents and departments.

use serde::Serialize;

use super::DepartmentState;
use crate::domain::agent::Agent;
use crate::domain::directory::{Directory, Rights};
use crate::domain::ids::AgentId;
use crate::domain::time::Moment;

/// A colleague.
#[derive(Clone, Debug, Serialize)]
pub struct AgentView {
    pub id: String,
    pub name: String,
    pub availability: &'static str,
    pub connected: bool,
    pub load: i64,
    pub max_chats: i32,
    pub departments: Vec<String>,
}

impl AgentView {
    /// A colleague with their load.
    #[must_use]
    pub fn of(agent: &Agent, load: i64, directory: &Directory, now: Moment) -> Self {
        let own = directory.departments.values().filter(|department| department.member(agent.id).is_some());
        Self {
            id: agent.id.to_string(),
            name: agent.name.clone(),
            availability: agent.availability.as_str(),
            connected: agent.is_connected(now),
            load,
            max_chats: agent.chats_max,
            departments: own.map(|department| department.id.to_string()).collect(),
        }
    }
}

/// A department as an agent sees it.
#[derive(Clone, Debug, Serialize)]
pub struct DepartmentView {
    pub id: String,
    pub name: String,
    pub member: bool,
    pub supervisor: bool,
    pub routing: &'static str,
    pub wait_goal_seconds: i64,
    pub wait_limit_seconds: Option<i64>,
    pub tags_required: bool,
    pub state: &'static str,
}

/// Every department that takes chats, as this agent sees it, by name.
#[must_use]
pub fn departments_for(agent: AgentId, directory: &Directory, loads: &crate::domain::routing::Loads, now: Moment) -> Vec<DepartmentView> {
    let mut views: Vec<DepartmentView> = directory
        .departments
        .values()
        .filter(|department| department.archived_at.is_none())
        .map(|department| {
            let rights = directory.rights(agent, department.id);
            DepartmentView {
                id: department.id.to_string(),
                name: department.name.clone(),
                member: department.member(agent).is_some(),
                supervisor: rights == Rights::Supervises,
                routing: department.routing.as_str(),
                wait_goal_seconds: department.limits.wait_goal_seconds,
                wait_limit_seconds: department.limits.wait_limit_seconds,
                tags_required: department.tags_required,
                state: department_state(department, directory, loads, now),
            }
        })
        .collect();
    views.sort_by(|a, b| a.name.cmp(&b.name));
    views
}

/// `online`: somebody has room; `busy`: somebody is online; `offline`.
#[must_use]
pub fn department_state(
    department: &crate::domain::department::Department,
    directory: &Directory,
    loads: &crate::domain::routing::Loads,
    now: Moment,
) -> &'static str {
    let members =
        || department.members.iter().filter_map(|member| directory.agents.get(&member.agent)).filter(|agent| agent.is_online(now));
    if members().any(|agent| crate::domain::routing::has_room(agent, loads, now)) {
        "online"
    } else if members().next().is_some() {
        "busy"
    } else {
        "offline"
    }
}

/// The departments that a visitor may choose, by name.
#[must_use]
pub fn department_states(directory: &Directory, loads: &crate::domain::routing::Loads, now: Moment) -> Vec<DepartmentState> {
    let mut states: Vec<DepartmentState> = directory
        .departments
        .values()
        .filter(|department| department.archived_at.is_none())
        .map(|department| DepartmentState {
            id: department.id.to_string(),
            name: department.name.clone(),
            state: department_state(department, directory, loads, now),
        })
        .collect();
    states.sort_by(|a, b| a.name.cmp(&b.name));
    states
}
