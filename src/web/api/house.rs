//! The departments, tags and agents in use.

use std::future::ready;

use futures_util::FutureExt as _;

use super::operation::{Access, Call, Operation, Reply, schema};
use crate::web::error::AppError;
use crate::wire::api::Page;
use crate::wire::api::house::{Agent, Department, Tag};

pub const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Lists the departments that the token may act in, by name.",
        ..Operation::get("/departments", "listDepartments", Access::Bearer, schema::<Page<Department>>, |call| {
            ready(departments(&call)).boxed_local()
        })
    },
    Operation {
        summary: "Lists the tags that can be set, by name.",
        ..Operation::get("/tags", "listTags", Access::Bearer, schema::<Page<Tag>>, |call| ready(tags(&call)).boxed_local())
    },
    Operation {
        summary: "Lists the agents, by name; their e-mail only with the scope `users:write`.",
        ..Operation::get("/agents", "listAgents", Access::Bearer, schema::<Page<Agent>>, |call| ready(agents(&call)).boxed_local())
    },
];

fn departments(call: &Call) -> Result<Reply, AppError> {
    let directory = call.state.store.directory();
    let own = call.caller()?.departments(&directory).into_iter().filter_map(|id| directory.departments.get(&id));
    Reply::json(&Page::whole(own.filter(|department| department.archived_at.is_none()).map(Department::of).collect()))
}

fn tags(call: &Call) -> Result<Reply, AppError> {
    let directory = call.state.store.directory();
    let mut tags: Vec<Tag> = directory.tags.values().filter(|tag| tag.archived_at.is_none()).map(Tag::of).collect();
    tags.sort_by(|a, b| a.name.cmp(&b.name));
    Reply::json(&Page::whole(tags))
}

fn agents(call: &Call) -> Result<Reply, AppError> {
    let (directory, now) = (call.state.store.directory(), call.state.store.clock().now());
    let with_email = call.caller()?.may("users:write");
    let in_use = directory.agents.values().filter(|agent| agent.archived_at.is_none());
    let mut agents: Vec<Agent> = in_use.map(|agent| Agent::of(agent, with_email, now)).collect();
    agents.sort_by(|a, b| a.name.cmp(&b.name));
    Reply::json(&Page::whole(agents))
}
