use crate::check::Known;
use crate::seed::Stream;
use crate::world::{Founded, People};
use prost::Message as _;
use protocol::crypto::{Crypto, LocalKey, domain, mac};
use protocol::ids::{Handle, ShelfId};
use protocol::index::{Audience, Shelf};
use protocol::kinds::{KindSet, Purpose, Role};
use protocol::time::{MINUTE_MS, Millis};
use protocol::wire::{Message, v1};

/// A request made by hand, by somebody who holds a node key and may not ask.
#[derive(Clone, Copy)]
pub struct Probe<'a> {
    /// All keys and secrets: former members took them along.
    pub founded: &'a Founded,
    /// Everybody.
    pub people: &'a People,
    /// Whose key signs.
    pub from: usize,
    /// Who is asked.
    pub to: usize,
    /// What the holder has on disk.
    pub known: &'a Known,
    /// Whether a patient that is there is named.
    pub is_known: bool,
    /// The prober's time.
    pub now: Millis,
}

/// Makes the request.
pub fn forge(probe: Probe<'_>, crypto: &dyn Crypto, draws: &mut Stream) -> Message {
    let request: [u8; 16] = draws.bytes();
    let mut handle = Handle(draws.bytes());
    let mut shelf = ShelfId(draws.bytes());
    let mut proofs = Vec::new();
    let named: Vec<_> =
        probe.known.live_handles.iter().filter_map(|h| Some((*h, *probe.known.handles.get(h)?))).collect();
    if probe.is_known && !named.is_empty() {
        let (known, (patient, on)) = *draws.pick(&named);
        (handle, shelf) = (known, on);
        let of = probe.people.find(probe.to, patient).map(|at| &probe.people.patients[at]);
        if let (Some(of), Some(key)) = (of, probe.key(shelf)) {
            let proof = |(rule, text): &(u8, Vec<u8>)| v1::RuleProof {
                rule: u32::from(*rule),
                proof: mac(&key.tag(text).0, &[b"match", &request]).to_vec(),
            };
            proofs = of.strings.iter().map(proof).collect();
        }
    }
    let (from, to) = (&probe.founded.nodes[probe.from], &probe.founded.nodes[probe.to]);
    let body = v1::RequestBody {
        id: request.to_vec(),
        reader: from.facility.as_str().to_owned(),
        holder: to.facility.as_str().to_owned(),
        holder_node: to.key.0.to_vec(),
        shelf: shelf.0.to_vec(),
        handle: handle.0.to_vec(),
        proofs,
        staff: "x".into(),
        role: Some(Role::Doctor.code().into()),
        purpose: Some(Purpose::Treatment.code().into()),
        kinds: KindSet::ALL.bits(),
        date_from: 0,
        date_to: 0,
        limit_bytes: 1 << 30,
        made_at: probe.now.0,
        deadline: probe.now.plus(10 * MINUTE_MS).0,
        evidence_kind: 0,
        evidence: vec![1; 32],
        base: draws.bytes::<16>().to_vec(),
        base_kind: 0,
        have: Vec::new(),
        emergency: None,
    }
    .encode_to_vec();
    let signature = crypto.sign(&from.identity.node, &domain("request", &[&body]));
    Message::Request(v1::Request { body, signature: signature.0.to_vec() })
}

impl Probe<'_> {
    /// The tags' key of one of the holder's shelves.
    fn key(&self, id: ShelfId) -> Option<LocalKey> {
        let holder = self.founded.nodes[self.to].facility.clone();
        let networks = self.founded.networks.iter().flat_map(|network| {
            network.body.audiences.iter().map(move |classes| {
                let audience = Audience::Network { network: network.id, classes: *classes };
                (audience, network.id.0, network.secret, network.body.epoch)
            })
        });
        let accords = self.founded.accords.iter();
        let accords = accords.map(|a| (Audience::Accord { accord: a.id }, a.id.0, a.secret, a.body.epoch));
        networks.chain(accords).find_map(|(audience, scope, secret, epoch)| {
            let shelf = Shelf { holder: holder.clone(), audience, epoch };
            (shelf.id() == id).then(|| LocalKey::derive(&secret, &scope, epoch))
        })
    }
}
