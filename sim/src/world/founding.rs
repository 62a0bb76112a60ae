use crate::scenario::{AccordPlan, Node, Scenario};
use crate::seed::Seed;
use protocol::crypto::{Crypto, Secret, seal_public};
use protocol::engine::{Identity, secret_hash};
use protocol::ids::{AccordId, FacilityId, Hash, NetworkId, NodeKey, PublicKey, peer_id_of};
use protocol::kinds::{Codes, FacilityClass, KindSet, MemberRole, Purpose, Role, member_roles};
use protocol::limits::{EVALUATED_EPOCH_MIN, MEMBERSHIP_MS, NODE_KEY_MS};
use protocol::policy::Clause;
use protocol::state::{
    Accord, Charter, Evaluator, EvaluatorCall, Founder, Membership, NodeCert, Revocation, Signed, Suspension, Target,
};
use protocol::time::{HOUR_MS, Millis};

/// Everything that was signed on paper before the run begins, with all keys: the world as only its maker knows it.
pub struct Founded {
    /// Networks in the order of the scenario.
    pub networks: Vec<NetworkMade>,
    /// Nodes in the order of the scenario.
    pub nodes: Vec<NodeMade>,
    /// Accords in the order of the scenario.
    pub accords: Vec<AccordMade>,
}

/// One network.
pub struct NetworkMade {
    /// Its id.
    pub id: NetworkId,
    /// Its charter, signed.
    pub charter: Signed,
    /// The charter's body.
    pub body: Charter,
    /// Its founders' shares.
    pub shares: Vec<Secret>,
    /// Its secret of `local` mode.
    pub secret: [u8; 32],
    /// The call of its evaluators, if it has any.
    pub call: Option<(EvaluatorCall, Signed)>,
}

/// One node.
pub struct NodeMade {
    /// Its keys and certificate.
    pub identity: Identity,
    /// The public one.
    pub key: NodeKey,
    /// Moment after the last of its certificate.
    pub cert_to: Millis,
    /// Its facility.
    pub facility: FacilityId,
    /// What kind of house.
    pub class: FacilityClass,
    /// Membership and what was signed, unless it is an outsider.
    pub membership: Option<(Membership, Signed)>,
}

/// One accord.
pub struct AccordMade {
    /// Its id.
    pub id: AccordId,
    /// Its body.
    pub body: Accord,
    /// Signed by two founders of each side.
    pub signed: Signed,
    /// Its secret of `local` mode.
    pub secret: [u8; 32],
}

/// Founds all networks, admits all nodes and signs all accords of a scenario.
pub fn found(scenario: &Scenario, crypto: &dyn Crypto, seed: Seed) -> Founded {
    let maker = Maker { scenario, crypto, seed };
    let mut networks: Vec<NetworkMade> = (0..scenario.file.network.len()).map(|at| maker.network(at)).collect();
    let nodes: Vec<NodeMade> = scenario.nodes.iter().map(|node| maker.node(node, &networks)).collect();
    for (at, network) in networks.iter_mut().enumerate() {
        network.call = maker.call(at, network, &nodes);
    }
    let hubs = |at: usize| scenario.nodes.iter().position(|node| node.network == Some(at) && node.hub);
    let accords = scenario.accords.iter().map(|plan| {
        let contacts: Vec<String> =
            plan.parties.iter().filter_map(|at| hubs(*at)).map(|hub| address(&nodes[hub].key, hub)).collect();
        maker.accord(plan, &networks, contacts)
    });
    let accords = accords.collect();
    Founded { networks, nodes, accords }
}

/// Where a host is met.
pub fn address(key: &NodeKey, host: usize) -> String {
    let (high, low) = (host >> 8 & 0xff, host & 0xff);
    format!("/ip4/10.0.{high}.{low}/udp/4100/quic-v1/p2p/{}", peer_id_of(key))
}

impl NetworkMade {
    /// The signed withdrawal of a membership, effective at `now`.
    pub fn revoke(&self, crypto: &dyn Crypto, facility: &FacilityId, now: Millis) -> Signed {
        let revocation = Revocation {
            network: self.id,
            target: Target::Membership(facility.clone()),
            effective: now,
            reason: "decided by the founders".into(),
        };
        revocation.draft(now.0).sign(crypto, &[&self.shares[0], &self.shares[2]])
    }
    /// The same by one founder alone, which must not count.
    pub fn revoke_alone(&self, crypto: &dyn Crypto, facility: &FacilityId, now: Millis) -> Signed {
        let revocation = Revocation {
            network: self.id,
            target: Target::Membership(facility.clone()),
            effective: now,
            reason: "one founder says so".into(),
        };
        revocation.draft(now.0).sign(crypto, &[&self.shares[1]])
    }
}

impl NetworkMade {
    /// The word of one founder alone.
    pub fn suspend(
        &self,
        crypto: &dyn Crypto,
        founder: usize,
        facility: &FacilityId,
        (now, ms): (Millis, u64),
    ) -> Signed {
        let share = &self.shares[founder % self.shares.len()];
        let suspension = Suspension {
            network: self.id,
            founder: crypto.public(share),
            target: Target::Membership(facility.clone()),
            from: now,
            until: now.plus(ms.max(1)),
            reason: "the node looks owned".into(),
        };
        suspension.draft().sign(crypto, &[share])
    }
}

struct Maker<'a> {
    scenario: &'a Scenario,
    crypto: &'a dyn Crypto,
    seed: Seed,
}

impl Maker<'_> {
    fn secret(&self, name: &str) -> Secret {
        Secret::from_bytes(self.seed.bytes(&format!("key/{name}")))
    }
    fn network(&self, at: usize) -> NetworkMade {
        let file = &self.scenario.file.network[at];
        let shares: Vec<Secret> = (0..3).map(|n| self.secret(&format!("{}/founder/{n}", file.id))).collect();
        let secret = self.seed.bytes(&format!("local/{}", file.id));
        let founders = shares.iter().enumerate();
        let body = Charter {
            name: file.name.clone(),
            founders: founders
                .map(|(n, key)| Founder { name: format!("founder {n}"), key: self.crypto.public(key) })
                .collect(),
            k: 2,
            audiences: Charter::default_audiences(),
            purposes: Codes::of(Purpose::ALL.iter().map(|purpose| purpose.code())),
            kinds: KindSet::ALL,
            made_at: self.scenario.start.minus(HOUR_MS),
            text_hash: Hash([0; 32]),
            epoch: 1,
            secret_hash: secret_hash(&secret),
        };
        let charter = body.genesis().sign(self.crypto, &[&shares[0], &shares[1]]);
        NetworkMade { id: NetworkId::of_genesis(charter.hash()), charter, body, shares, secret, call: None }
    }
    /// Names the evaluators of a network, if the scenario has any.
    fn call(&self, at: usize, network: &NetworkMade, nodes: &[NodeMade]) -> Option<(EvaluatorCall, Signed)> {
        let named = self.scenario.file.network[at].evaluators.iter();
        let named = named.filter_map(|id| self.scenario.nodes.iter().position(|node| node.id == *id));
        let evaluators: Vec<Evaluator> = named
            .map(|host| {
                let made = &nodes[host];
                Evaluator { facility: made.facility.clone(), node: made.key, seal: seal_public(&made.identity.seal) }
            })
            .collect();
        let threshold = u32::try_from(evaluators.len() / 2 + 1).unwrap_or(u32::MAX);
        let call = EvaluatorCall {
            network: network.id,
            epoch: EVALUATED_EPOCH_MIN,
            threshold,
            from: self.scenario.start.minus(HOUR_MS),
            to: self.scenario.start.plus(MEMBERSHIP_MS),
            evaluators,
        };
        let signed = call.draft(1).sign(self.crypto, &[&network.shares[0], &network.shares[1]]);
        (!call.evaluators.is_empty()).then_some((call, signed))
    }
    fn node(&self, node: &Node, networks: &[NetworkMade]) -> NodeMade {
        let start = self.scenario.start;
        let key = |part: &str| self.secret(&format!("{}/{part}", node.id));
        let (root, own) = (key("root"), key("node"));
        let (index, log, witness, seal) = (key("index"), key("log"), key("witness"), key("seal"));
        let node_key = NodeKey(self.crypto.public(&own).0);
        let cert_to = node.key_ends.map_or(start.plus(NODE_KEY_MS), |span| start.plus(span.0));
        let cert = NodeCert {
            facility: node.facility.clone(),
            root: self.crypto.public(&root),
            node: node_key,
            index: self.crypto.public(&index),
            log: self.crypto.public(&log),
            witness: self.crypto.public(&witness),
            seal: seal_public(&seal),
            from: start.minus(HOUR_MS),
            to: cert_to,
            log_size: 0,
        };
        let cert = cert.draft(1).sign(self.crypto, &[&root, &own]);
        let membership = node.network.map(|at| self.membership(node, &networks[at], self.crypto.public(&root)));
        NodeMade {
            identity: Identity { node: own, index, log, witness, seal, certs: vec![cert] },
            key: node_key,
            cert_to,
            facility: node.facility.clone(),
            class: node.class,
            membership,
        }
    }
    fn membership(&self, node: &Node, network: &NetworkMade, root: PublicKey) -> (Membership, Signed) {
        let start = self.scenario.start;
        let membership = Membership {
            network: network.id,
            facility: node.facility.clone(),
            name: node.id.clone(),
            class: node.class,
            root,
            roles: member_roles(&[MemberRole::Holder, MemberRole::Reader, MemberRole::Witness]),
            kinds: KindSet::ALL,
            from: start.minus(HOUR_MS),
            to: node.ends.map_or(start.plus(MEMBERSHIP_MS), |span| start.plus(span.0)),
        };
        let signed = membership.draft(1).sign(self.crypto, &[&network.shares[0], &network.shares[1]]);
        (membership, signed)
    }
    fn accord(&self, plan: &AccordPlan, networks: &[NetworkMade], contacts: Vec<String>) -> AccordMade {
        let (start, [a, b]) = (self.scenario.start, plan.parties.map(|at| &networks[at]));
        let secret = self.seed.bytes(&format!("local/{:?}", plan.parties));
        let clause = |number, holder_network| Clause {
            number,
            holder_network,
            kinds: plan.kinds,
            roles: Codes::of(Role::ALL.iter().map(|role| role.code())),
            purposes: plan.purposes,
            classes: plan.classes,
        };
        let body = Accord {
            a: a.id,
            b: b.id,
            a_charter: a.charter.hash(),
            b_charter: b.charter.hash(),
            clauses: vec![clause(1, a.id), clause(2, b.id)],
            from: start.minus(HOUR_MS),
            to: plan.ends.map_or(start.plus(MEMBERSHIP_MS), |span| start.plus(span.0)),
            text_hash: Hash([0; 32]),
            epoch: 1,
            secret_hash: secret_hash(&secret),
            contacts,
            copy_hours: 24,
        };
        let keys = [&a.shares[0], &a.shares[1], &b.shares[1], &b.shares[2]];
        AccordMade { id: body.id(), signed: body.draft(1).sign(self.crypto, &keys), body, secret }
    }
}
