//! Everything that settings say, as one immutable value: small, read by everyone, replaced whole after a change.

use std::collections::HashMap;
use std::sync::Arc;

use super::agent::{Agent, Role};
use super::department::Department;
use super::endpoint::Endpoint;
use super::ids::{AgentId, DepartmentId, EndpointId, SiteId, TagId};
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
    /// Shared, since a presence that changes copies the rest; their health is that of the last change of settings.
    pub endpoints: Arc<HashMap<EndpointId, Endpoint>>,
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

    /// The name of an endpoint; empty where there is none such.
    #[must_use]
    pub fn endpoint_name(&self, id: EndpointId) -> &str {
        self.endpoints.get(&id).map_or("", |endpoint| &endpoint.draft.name)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::Role;
    use crate::domain::chat::tests::fixture::{ANA, CARLA, DORA, EVA, SALES, SHOP, SUPPORT, directory, second};

    fn with_role(agent: AgentId, role: Role) -> Directory {
        let mut directory = directory();
        directory.agents.get_mut(&agent).expect("the fixture has it").role = role;
        directory
    }

    #[test]
    fn an_agent_acts_in_own_departments_and_sees_no_others() {
        let directory = directory();
        assert_eq!(directory.rights(ANA, SUPPORT), Rights::Member);
        assert_eq!(directory.rights(ANA, SALES), Rights::None);
    }

    #[test]
    fn a_supervisor_supervises_only_the_departments_marked_so() {
        let mut directory = directory();
        assert_eq!(directory.rights(DORA, SUPPORT), Rights::Supervises);
        assert_eq!(directory.rights(DORA, SALES), Rights::None);
        let sales = directory.departments.get_mut(&SALES).expect("the fixture has it");
        sales.members.push(crate::domain::department::Member { agent: DORA, supervisor: false });
        assert_eq!(directory.rights(DORA, SALES), Rights::Member);
    }

    #[test]
    fn a_supervisor_made_an_agent_again_is_a_plain_member_in_spite_of_the_mark() {
        assert_eq!(with_role(DORA, Role::Agent).rights(DORA, SUPPORT), Rights::Member);
    }

    #[test]
    fn a_supervisor_without_the_mark_is_a_plain_member() {
        assert_eq!(with_role(ANA, Role::Supervisor).rights(ANA, SUPPORT), Rights::Member);
    }

    #[test]
    fn an_admin_supervises_every_department_without_being_a_member() {
        let directory = directory();
        assert_eq!([SUPPORT, SALES].map(|department| directory.rights(EVA, department)), [Rights::Supervises; 2]);
    }

    #[test]
    fn an_archived_account_has_no_rights_anywhere_not_even_an_admins() {
        for agent in [ANA, DORA, EVA] {
            let mut directory = directory();
            directory.agents.get_mut(&agent).expect("the fixture has it").archived_at = Some(second(0).wall);
            assert_eq!(directory.rights(agent, SUPPORT), Rights::None);
        }
    }

    #[test]
    fn an_account_that_is_gone_from_the_directory_has_no_rights_though_it_is_a_member() {
        let mut directory = directory();
        directory.agents.remove(&ANA);
        assert_eq!(directory.rights(ANA, SUPPORT), Rights::None);
    }

    #[test]
    fn own_departments_come_by_name_archived_ones_included() {
        let mut directory = directory();
        directory.departments.get_mut(&SALES).expect("the fixture has it").archived_at = Some(second(0).wall);
        let names = |agent| directory.departments_of(agent).iter().map(|department| department.name.as_str()).collect::<Vec<_>>();
        assert_eq!(names(EVA), ["Suporte", "Vendas"]);
        assert_eq!(names(CARLA), ["Vendas"]);
    }

    #[test]
    fn an_archived_site_is_not_found_by_its_key() {
        let mut directory = directory();
        assert_eq!(directory.site_by_key("loja").map(|site| site.id), Some(SHOP));
        directory.sites.get_mut(&SHOP).expect("the fixture has it").archived_at = Some(second(0).wall);
        assert_eq!(directory.site_by_key("loja"), None);
    }
}
