//! Everything that settings say, as one immutable value: small, read by everyone, replaced whole after a change.

use std::collections::HashMap;

use super::agent::{Agent, Role};
use super::department::Department;
use super::ids::{AgentId, DepartmentId, SiteId, TagId};
use super::organisation::Organisation;
use super::site::Site;
use super::tag::Tag;

/// The people, departments, sites and tags of the organisation, archived ones included.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// None before the set-up.
    pub organisation: Option<Organisation>,
    pub agents: HashMap<AgentId, Agent>,
    pub departments: HashMap<DepartmentId, Department>,
    pub sites: HashMap<SiteId, Site>,
    pub tags: HashMap<TagId, Tag>,
}

impl Directory {
    /// The site with this key, unless it is archived.
    #[must_use]
    pub fn site_by_key(&self, key: &str) -> Option<&Site> {
        self.sites.values().find(|site| site.key == key && site.archived_at.is_none())
    }

    /// The display name of an agent; empty where there is none such.
    #[must_use]
    pub fn agent_name(&self, id: AgentId) -> &str {
        self.agents.get(&id).map_or("", |agent| &agent.name)
    }

    /// The name of a department; empty where there is none such.
    #[must_use]
    pub fn department_name(&self, id: DepartmentId) -> &str {
        self.departments.get(&id).map_or("", |department| &department.name)
    }

    /// What an agent may do in a department: an admin supervises everywhere.
    #[must_use]
    pub fn rights(&self, agent: AgentId, department: DepartmentId) -> Rights {
        let Some(account) = self.agents.get(&agent).filter(|account| account.archived_at.is_none()) else { return Rights::None };
        if account.role == Role::Admin {
            return Rights::Supervises;
        }
        match self.departments.get(&department).and_then(|department| department.member(agent)) {
            Some(member) if member.supervisor && account.role == Role::Supervisor => Rights::Supervises,
            Some(_) => Rights::Member,
            None => Rights::None,
        }
    }

    /// The departments whose chats an agent may see, by name; archived ones too, for their history.
    #[must_use]
    pub fn departments_of(&self, agent: AgentId) -> Vec<&Department> {
        let mut own: Vec<&Department> =
            self.departments.values().filter(|department| self.rights(agent, department.id) != Rights::None).collect();
        own.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        own
    }
}

/// What somebody may do with the chats of a department.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rights {
    /// Not even see them.
    None,
    /// Answer.
    Member,
    /// Answer, and act on colleagues' chats.
    Supervises,
}
