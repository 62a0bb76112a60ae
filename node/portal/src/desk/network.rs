use super::{FacilityName, Places};
use protocol::ids::{FacilityId, NetworkId};
use protocol::kinds::MemberRole;
use protocol::policy::{Freshness, ladder};
use protocol::state::{Book, Membership};
use protocol::time::Millis;
use service::Service;
use service::accords::AccordView;
use std::collections::BTreeMap;

/// The networks as a page shows them: nothing of patients.
pub struct NetworkView {
    /// When.
    pub now: Millis,
    /// How far what is known may be trusted.
    pub freshness: Option<Freshness>,
    /// Own networks first, then those that there is an accord with.
    pub networks: Vec<NetworkPart>,
    /// Accords, in force or not.
    pub accords: Vec<AccordView>,
    /// Names.
    pub places: Places,
    /// What waits for the office: requests to join, and signatures.
    pub waiting: (usize, usize),
}

/// One network.
pub struct NetworkPart {
    /// Which.
    pub id: NetworkId,
    /// Its name.
    pub name: String,
    /// One of ours.
    pub is_own: bool,
    /// Its members in force, own ones first.
    pub members: Vec<MemberPart>,
    /// How many founders there are, and how many must sign.
    pub founders: (usize, u32),
}

/// One member.
#[derive(Clone, Debug)]
pub struct MemberPart {
    /// Who.
    pub facility: FacilityName,
    /// A facility of this node.
    pub is_own: bool,
    /// Connected now.
    pub is_online: bool,
    /// When its node was heard of last.
    pub seen: Option<Millis>,
    /// It relays for members without an inbound port.
    pub is_relay: bool,
    /// When its membership ends.
    pub until: Millis,
    /// When its node's key ends; none: no key is known here.
    pub key_until: Option<Millis>,
}

impl MemberPart {
    /// How fresh what is known of it is.
    pub fn freshness(&self, now: Millis) -> Option<Freshness> {
        if self.is_own || self.is_online {
            return Some(Freshness::Green);
        }
        self.seen.map(|seen| ladder(now.since(seen)))
    }
}

impl NetworkView {
    /// What is known at this node now.
    pub fn of(service: &Service) -> Self {
        let (book, now) = (service.book(), service.now());
        let ours = service.networks();
        let part = |(id, name): (NetworkId, String), is_own: bool| {
            let members = members_of(service, &book, id);
            let founders = book.charter(id).map_or((0, 0), |charter| (charter.founders.len(), charter.k));
            NetworkPart { id, name, is_own, members, founders }
        };
        let known: BTreeMap<NetworkId, String> =
            book.networks().map(|(id, charter)| (id, charter.name.clone())).collect();
        let name = |id: &NetworkId| known.get(id).cloned().unwrap_or_default();
        let mut networks: Vec<NetworkPart> = ours.iter().map(|id| part((*id, name(id)), true)).collect();
        let others = known.iter().filter(|(id, _)| !ours.contains(id));
        networks.extend(others.map(|(id, name)| part((*id, name.clone()), false)));
        Self {
            now,
            freshness: service.engine().snapshot().map(|snapshot| snapshot.freshness),
            networks,
            accords: service.accords(),
            places: Places::of(service),
            waiting: (service.pending_joins().len(), service.proposals().len()),
        }
    }
}

/// The members of a network in force, own ones first.
pub(super) fn members_of(service: &Service, book: &Book, network: NetworkId) -> Vec<MemberPart> {
    let (now, snapshot) = (service.now(), service.engine().snapshot());
    let own: Vec<FacilityId> = service.facilities().into_iter().map(|setup| setup.id).collect();
    let live = book.members(network).filter(|one| book.live(network, &one.facility, now).is_some());
    let part = |one: &Membership| {
        let cert = book.node_of(network, &one.facility, now);
        let node = cert.map(|cert| cert.node);
        let up = |node| snapshot.as_ref().is_some_and(|snapshot| snapshot.up.contains(&node));
        let seen = |node| snapshot.as_ref().and_then(|snapshot| snapshot.seen.get(&node).copied());
        MemberPart {
            facility: FacilityName { id: one.facility.clone(), name: one.name.clone(), class: Some(one.class) },
            is_own: own.contains(&one.facility),
            is_online: node.is_some_and(up),
            seen: node.and_then(seen),
            is_relay: one.roles.has(MemberRole::Relay.code()),
            until: one.to,
            key_until: cert.map(|cert| cert.to),
        }
    };
    let mut members: Vec<MemberPart> = live.map(part).collect();
    members.sort_by(|a, b| (!a.is_own, &a.facility.id).cmp(&(!b.is_own, &b.facility.id)));
    members
}
