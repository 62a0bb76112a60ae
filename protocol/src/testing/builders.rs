//! Everything that a network needs, derived from names: equal names give equal keys.
use crate::consent::ConsentReceipt;
use crate::crypto::{Crypto, Secret, seal_public, sha256};
use crate::data::{Write, encode};
use crate::engine::{Identity, secret_hash};
use crate::fetch::{Place, RecordHead, State, digest_of, head_key};
use crate::ids::{AuthorityId, FacilityId, Hash, NetworkId, NodeKey, PatientId, PatientRef, ReceiptId, RecordKey};
use crate::kinds::{Codes, DataKind, FacilityClass, KindSet, MemberRole, Purpose, Role, member_roles};
use crate::limits::{MEMBERSHIP_MS, NODE_KEY_MS};
use crate::policy::Clause;
use crate::state::{Accord, Charter, Founder, Membership, NodeCert, Signed};
use crate::time::{Date, Millis};

/// A secret key by name.
pub fn secret(name: &str) -> Secret {
    Secret::from_bytes(sha256(&[b"test secret", name.as_bytes()]).0)
}
/// A facility by a small number.
pub fn facility(number: u32) -> FacilityId {
    match FacilityId::parse(&format!("99{number:08}")) {
        Ok(id) => id,
        Err(_) => unreachable!("ten digits"),
    }
}
/// A patient number at a test authority.
pub fn patient_id(number: u32) -> PatientId {
    let authority = AuthorityId::parse("1.2.392.100495.20.3.51.19999999999");
    match authority.and_then(|authority| PatientId::new(authority, &format!("{number:010}"))) {
        Ok(id) => id,
        Err(_) => unreachable!("an authority and a number"),
    }
}
/// A node's keys and its certificates for facilities, valid from `now`.
pub fn identity(crypto: &dyn Crypto, name: &str, facilities: &[FacilityId], now: Millis) -> Identity {
    let key = |part: &str| secret(&format!("{name}/{part}"));
    let (node, index, log, witness, seal) = (key("node"), key("index"), key("log"), key("witness"), key("seal"));
    let certs = facilities
        .iter()
        .map(|facility| {
            let root = root(facility);
            let cert = NodeCert {
                facility: facility.clone(),
                root: crypto.public(&root),
                node: NodeKey(crypto.public(&node).0),
                index: crypto.public(&index),
                log: crypto.public(&log),
                witness: crypto.public(&witness),
                seal: seal_public(&seal),
                from: now.minus(1_000),
                to: now.plus(NODE_KEY_MS),
                log_size: 0,
            };
            cert.draft(1).sign(crypto, &[&root, &node])
        })
        .collect();
    Identity { node, index, log, witness, seal, certs }
}
/// A facility's root key.
pub fn root(facility: &FacilityId) -> Secret {
    secret(&format!("root/{facility}"))
}

/// A network made for tests: three founders, two of whom sign.
#[derive(Clone)]
pub struct TestNetwork {
    /// Its id.
    pub id: NetworkId,
    /// Its charter.
    pub charter: Signed,
    /// The founders' shares.
    pub shares: Vec<Secret>,
    /// The secret of `local` mode.
    pub secret: [u8; 32],
}

impl TestNetwork {
    /// Founds a network by name.
    pub fn found(crypto: &dyn Crypto, name: &str, now: Millis) -> Self {
        let shares: Vec<Secret> = (0..3).map(|n| secret(&format!("{name}/founder/{n}"))).collect();
        let secret = sha256(&[b"test network secret", name.as_bytes()]).0;
        let founders = shares.iter().enumerate();
        let charter = Charter {
            name: name.to_owned(),
            founders: founders
                .map(|(n, key)| Founder { name: format!("founder {n}"), key: crypto.public(key) })
                .collect(),
            k: 2,
            audiences: Charter::default_audiences(),
            purposes: Codes::of(Purpose::ALL.iter().map(|p| p.code())),
            kinds: KindSet::ALL,
            made_at: now,
            text_hash: Hash([0; 32]),
            epoch: 1,
            secret_hash: secret_hash(&secret),
        };
        let charter = charter.genesis().sign(crypto, &[&shares[0], &shares[1]]);
        Self { id: NetworkId::of_genesis(charter.hash()), charter, shares, secret }
    }
    /// A membership with every role, signed by two founders.
    pub fn admit(&self, crypto: &dyn Crypto, facility: &FacilityId, class: FacilityClass, now: Millis) -> Signed {
        self.membership(crypto, facility, class, now).draft(now.0).sign(crypto, &[&self.shares[0], &self.shares[1]])
    }
    /// A membership with every role, to be changed and signed.
    pub fn membership(
        &self,
        crypto: &dyn Crypto,
        facility: &FacilityId,
        class: FacilityClass,
        now: Millis,
    ) -> Membership {
        Membership {
            network: self.id,
            facility: facility.clone(),
            name: format!("facility {facility}"),
            class,
            root: crypto.public(&root(facility)),
            roles: member_roles(&[MemberRole::Holder, MemberRole::Reader, MemberRole::Witness]),
            kinds: KindSet::ALL,
            from: now.minus(1_000),
            to: now.plus(MEMBERSHIP_MS),
        }
    }
}

/// An accord between two test networks with one clause per direction, signed by two founders of each.
pub fn accord(
    crypto: &dyn Crypto,
    a: &TestNetwork,
    b: &TestNetwork,
    kinds: KindSet,
    times: (Millis, Millis),
) -> (Signed, [u8; 32]) {
    let secret = sha256(&[b"test accord secret", &a.id.0, &b.id.0]).0;
    let clause = |number, holder: NetworkId| Clause {
        number,
        holder_network: holder,
        kinds,
        roles: Codes::of(Role::ALL.iter().map(|r| r.code())),
        purposes: Codes::of([Purpose::Treatment.code(), Purpose::Referral.code()]),
        classes: Codes::of([FacilityClass::Hospital.code(), FacilityClass::Clinic.code()]),
    };
    let accord = Accord {
        a: a.id,
        b: b.id,
        a_charter: a.charter.hash(),
        b_charter: b.charter.hash(),
        clauses: vec![clause(1, a.id), clause(2, b.id)],
        from: times.0,
        to: times.1,
        text_hash: Hash([0; 32]),
        epoch: 1,
        secret_hash: secret_hash(&secret),
        contacts: Vec::new(),
        copy_hours: 24,
    };
    let keys = [&a.shares[0], &a.shares[1], &b.shares[0], &b.shares[1]];
    (accord.draft(times.0.0).sign(crypto, &keys), secret)
}

/// A broad consent by `facility` for one of its patients.
pub fn consent(facility: &FacilityId, number: u32, id: u8, at: Millis) -> ConsentReceipt {
    ConsentReceipt::broad(ReceiptId([id; 16]), facility.clone(), patient_id(number), at)
}

/// A record of a patient as the store keeps it, with its bytes' digest.
pub fn record(facility: &FacilityId, patient: PatientRef, number: u32, kind: &str, date: u32, bytes: &[u8]) -> Write {
    let kind = DataKind::parse(kind).unwrap_or_else(|| unreachable!("a kind"));
    let care_date = Date::from_number(date);
    let head = RecordHead {
        key: RecordKey {
            facility: facility.clone(),
            patient: patient_id(number),
            kind: kind.clone(),
            care_date,
            key: "1".into(),
        },
        at: Millis(0),
        department: "01".into(),
        title: format!("{kind}"),
        digest: digest_of(bytes),
        size: bytes.len() as u64,
        place: Place::Bundle { number: 0, frame: 0 },
        state: State::Current,
        source: String::new(),
        stored_at: Millis(0),
    };
    let mut name = [0; 16];
    name.copy_from_slice(&sha256(&[bytes]).0[..16]);
    let key = head_key(patient, care_date, &kind, &name);
    Write { space: crate::data::Space::Records, key, value: Some(encode(&head)) }
}
