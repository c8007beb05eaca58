//! What an endpoint hears of. Decided at the event: a later change of the filter changes no delivery that is queued.

use std::collections::BTreeSet;

use crate::domain::event_type::EventType;
use crate::domain::ids::{DepartmentId, SiteId, TagId};

/// An endpoint's subscription and its conditions. An empty list of sites, departments or tags restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The event types it subscribes to.
    pub events: BTreeSet<EventType>,
    /// Only events of these sites.
    pub sites: Vec<SiteId>,
    /// Only events of these departments; a transfer counts for both ends.
    pub departments: Vec<DepartmentId>,
    /// Only events of chats that have one of these tags.
    pub tags: Vec<TagId>,
    /// Only ratings up to this score.
    pub score_max: Option<u8>,
}

/// What a filter can judge an event by. Absent facts are not judged: a filter narrows only what it can see.
#[derive(Clone, Debug)]
pub struct Occurrence<'a> {
    /// Its type.
    pub event: EventType,
    /// The site it happened on, if any.
    pub site: Option<SiteId>,
    /// The departments it concerns; `from` and `to` of a transfer.
    pub departments: &'a [DepartmentId],
    /// The chat's tags after the event, and those that it took away; `None` without a chat.
    pub tags: Option<&'a [TagId]>,
    /// The score of a rating.
    pub score: Option<u8>,
}

impl Filter {
    /// Whether the endpoint hears of it.
    #[must_use]
    pub fn matches(&self, what: &Occurrence<'_>) -> bool {
        self.events.contains(&what.event)
            && (self.sites.is_empty() || what.site.is_none_or(|site| self.sites.contains(&site)))
            && (self.departments.is_empty()
                || what.departments.is_empty()
                || what.departments.iter().any(|department| self.departments.contains(department)))
            && (self.tags.is_empty() || what.tags.is_none_or(|tags| tags.iter().any(|tag| self.tags.contains(tag))))
            && self.score_max.is_none_or(|max| what.score.is_none_or(|score| score <= max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occurrence(event: EventType) -> Occurrence<'static> {
        Occurrence { event, site: None, departments: &[], tags: None, score: None }
    }

    #[test]
    fn only_subscribed_types_arrive() {
        let filter = Filter { events: [EventType::ChatStarted].into(), ..Filter::default() };
        assert!(filter.matches(&occurrence(EventType::ChatStarted)));
        assert!(!filter.matches(&occurrence(EventType::ChatFinished)));
    }

    #[test]
    fn a_department_matches_a_transfer_from_or_to_it() {
        let (sales, support, billing) = (DepartmentId::new(), DepartmentId::new(), DepartmentId::new());
        let filter = Filter { events: [EventType::ChatTransferred].into(), departments: vec![support], ..Filter::default() };
        for (departments, heard) in [([sales, support], true), ([support, billing], true), ([sales, billing], false)] {
            let what = Occurrence { departments: &departments, ..occurrence(EventType::ChatTransferred) };
            assert_eq!(filter.matches(&what), heard);
        }
    }

    #[test]
    fn a_score_limit_concerns_ratings_alone() {
        let filter = Filter { events: [EventType::ChatRated, EventType::ChatFinished].into(), score_max: Some(2), ..Filter::default() };
        assert!(filter.matches(&Occurrence { score: Some(2), ..occurrence(EventType::ChatRated) }));
        assert!(!filter.matches(&Occurrence { score: Some(3), ..occurrence(EventType::ChatRated) }));
        assert!(filter.matches(&occurrence(EventType::ChatFinished)));
    }

    #[test]
    fn tags_and_sites_narrow_what_has_them() {
        let (deal, vip, shop, blog) = (TagId::new(), TagId::new(), SiteId::new(), SiteId::new());
        let events = [EventType::ChatTagged, EventType::AgentAvailabilityChanged].into();
        let filter = Filter { events, tags: vec![deal], sites: vec![shop], ..Filter::default() };
        for (tags, site, heard) in
            [(&[vip, deal][..], shop, true), (&[vip][..], shop, false), (&[deal][..], blog, false), (&[][..], shop, false)]
        {
            let tagged = Occurrence { tags: Some(tags), site: Some(site), ..occurrence(EventType::ChatTagged) };
            assert_eq!(filter.matches(&tagged), heard);
        }
        assert!(filter.matches(&occurrence(EventType::AgentAvailabilityChanged)), "an event without site or chat is not judged by them");
    }
}
