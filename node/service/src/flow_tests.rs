//! The whole way through the use cases, with real Engines and stores on lines in memory.
use crate::access_log::{LogQuery, check_evidence};
use crate::accords::{AccordTerms, ClauseTerms, Holders};
use crate::consents::{ConsentSpec, WithdrawSpec};
use crate::engine::{Host, Inbox, alone};
use crate::fetching::{FetchSpec, HolderRow, RowState};
use crate::founders::{Founding, sign_charter};
use crate::keys::{Share, SharePublic};
use crate::onboarding::FacilitySpec;
use crate::patients::{PatientEntry, entry_key};
use crate::testing::{Lines, address_of, eventually, join_lines};
use crate::view_cache::ViewCache;
use crate::{Opened, Service, ServiceConfig, Staff};
use protocol::audit::What;
use protocol::data::{Batch, Space, encode};
use protocol::engine::{Certainty, HolderStatus, JoinStatus, Limits, LinkVerdict};
use protocol::fetch::{Place, RecordHead, State, digest_of, head_key};
use protocol::ids::{AuthorityId, FacilityId, Hash, NetworkId, PatientId, PatientRef, RecordKey};
use protocol::kinds::{Coarse, DataKind, FacilityClass, KindSet, Purpose, Role, classes, purposes, roles};
use protocol::state::Target;
use protocol::time::{Date, Millis};
use records::model::{Insurance, NameForm, PersonName, Sex};
use tempfile::TempDir;

const CLINIC: &str = "0310000001";
const PHARMACY: &str = "0340000002";
const OFFICE_NODE: &str = "0310000003";
const HOSPITAL: &str = "0410000009";

struct Node {
    service: Service,
    ends: Option<(Host, Inbox)>,
    folder: TempDir,
    facility: FacilityId,
}

fn facility(digits: &str) -> FacilityId {
    FacilityId::parse(digits).expect("ten digits")
}

fn config(folder: &TempDir, digits: &str, class: FacilityClass) -> ServiceConfig {
    let limits = Limits {
        sync_ms: 150,
        checkpoint_ms: 100,
        publish_ms: 20,
        dial_wait_ms: 300,
        join_retry_ms: 50,
        ..Limits::default()
    };
    let spec = FacilitySpec::usual(facility(digits), format!("施設 {digits}"), class, false);
    ServiceConfig { limits, facilities: vec![spec], ..ServiceConfig::new(folder.path(), format!("node {digits}")) }
}

fn node(digits: &str, class: FacilityClass) -> Node {
    let folder = tempfile::tempdir().expect("a folder");
    let Opened { service, host, inbox, report } = Service::open(config(&folder, digits, class)).expect("opens");
    assert!(report.is_new);
    Node { service, ends: Some((host, inbox)), folder, facility: facility(digits) }
}

impl Node {
    fn ends(&mut self) -> (Host, Inbox) {
        self.ends.take().expect("taken once")
    }
    fn address(&self) -> String {
        address_of(&self.service.node_key())
    }
}

fn doctor() -> Staff {
    Staff::new("d-017", Role::Doctor).expect("a number")
}

fn shares(names: &[&str]) -> Vec<Share> {
    names.iter().map(|name| Share::new(name)).collect()
}

fn public(shares: &[Share]) -> Vec<SharePublic> {
    shares.iter().map(Share::public).collect()
}

/// Founds a network 2 of 3 at this node and admits its facility, all shares at hand.
fn found(node: &Node, name: &str, shares: &[Share]) -> NetworkId {
    let network = node.service.found_network(&Founding::usual(name, public(shares), 2), &shares[..2]).expect("founded");
    let signing = node.service.admit_own(network, &node.facility, &shares[1..]).expect("admitted");
    assert!(signing.is_complete());
    network
}

/// Writes a patient as an ingest would, with one laboratory record.
fn add_patient(node: &Node, number: &str, insured: &str, body: &[u8]) -> PatientRef {
    let authority = AuthorityId::parse("1.2.392.100495.20.3.51.1").expect("an OID");
    let id = PatientId::new(authority, number).expect("a number");
    let patient = PatientRef(number.parse().expect("a small number"));
    let mut entry = PatientEntry::new(id.clone(), node.facility.clone());
    let name = |family: &str, given: &str, form| PersonName {
        family: family.to_owned().into(),
        given: given.to_owned().into(),
        form,
    };
    entry.patient.names = vec![name("山田", "花子", NameForm::Kanji), name("ヤマダ", "ハナコ", NameForm::Kana)];
    entry.patient.birth_date = Date::new(1950, 3, 4).into();
    entry.patient.sex = Sex::Female;
    entry.patient.insurances = vec![Insurance {
        insurer: "06123456".to_owned().into(),
        symbol: "12".to_owned().into(),
        number: insured.to_owned().into(),
        ..Insurance::default()
    }];
    entry.count(Coarse::Lab, true);
    let kind = DataKind::parse("OML-11").expect("a kind");
    let blob = node.service.store().blobs().put(body).expect("written");
    let care_date = Date::new(2026, 4, 5);
    let head = RecordHead {
        key: RecordKey { facility: node.facility.clone(), patient: id, kind: kind.clone(), care_date, key: "1".into() },
        at: Millis(1),
        department: "01".into(),
        title: "血液検査".into(),
        digest: digest_of(body),
        size: body.len() as u64,
        place: Place::Blob { id: blob.0 },
        state: State::Current,
        source: "test".into(),
        stored_at: Millis(2),
    };
    let mut batch = Batch::default();
    batch.put(Space::Patients, entry_key(patient), encode(&entry));
    batch.put(Space::Records, head_key(patient, care_date, &kind, &[1; 16]), encode(&head));
    node.service.commit(batch).expect("stored");
    assert_eq!(node.service.publish(&[patient]).expect("told"), 1);
    patient
}

/// Laboratory results and prescriptions of the hospital for the clinic's doctors and nurses.
fn terms(own: NetworkId, partner: &Node, theirs: NetworkId, contacts: Vec<String>) -> AccordTerms {
    AccordTerms {
        own,
        partner_charter: partner.service.export_charter(theirs).expect("a file"),
        clauses: vec![ClauseTerms {
            holders: Holders::Theirs,
            kinds: KindSet::of(&[Coarse::Lab, Coarse::Prescription]),
            roles: roles(&[Role::Doctor, Role::Nurse]),
            purposes: purposes(&[Purpose::Treatment]),
            classes: classes(&[FacilityClass::Clinic]),
        }],
        from: None,
        to: None,
        text_hash: Hash([0; 32]),
        copy_hours: None,
        contacts,
    }
}

/// A clinic in one network, a hospital in another, and an accord for laboratory results of the hospital.
struct TwoNetworks {
    clinic: Node,
    hospital: Node,
    lines: Lines,
    kesen: NetworkId,
    mmwin: NetworkId,
    kesen_shares: Vec<Share>,
}

fn two_networks() -> TwoNetworks {
    let (mut clinic, mut hospital) = (node(CLINIC, FacilityClass::Clinic), node(HOSPITAL, FacilityClass::Hospital));
    let lines = join_lines(vec![clinic.ends(), hospital.ends()]);
    let (kesen_shares, mmwin_shares) = (shares(&["医師会", "診療所", "事務局"]), shares(&["大学", "病院", "県"]));
    let kesen = found(&clinic, "気仙", &kesen_shares);
    let mmwin = found(&hospital, "MMWIN", &mmwin_shares);
    let terms = terms(kesen, &hospital, mmwin, vec![clinic.address(), hospital.address()]);
    let signing = clinic.service.propose_accord(&terms, &kesen_shares[..2]).expect("proposed");
    assert!(!signing.is_complete() && signing.tallies[0].is_enough());
    let file = clinic.service.export(signing.hash).expect("a file");
    let brought = hospital.service.import(&file).expect("taken");
    assert_eq!(brought[0].hash, signing.hash);
    let signed = hospital.service.sign_proposal(signing.hash, &mmwin_shares[1..]).expect("signed");
    assert!(signed.is_complete());
    let back = hospital.service.export(signing.hash).expect("a file");
    assert!(clinic.service.import(&back).expect("taken")[0].is_complete());
    eventually("both sides have the accord and see each other", || {
        [&clinic, &hospital].iter().all(|node| {
            node.service.accords().iter().any(|accord| accord.in_force)
                && node.service.peers().iter().any(|peer| peer.is_up)
        })
    });
    TwoNetworks { clinic, hospital, lines, kesen, mmwin, kesen_shares }
}

fn consent(node: &Node, patient: PatientRef) {
    node.service.record_consent(&doctor(), &ConsentSpec::broad(patient)).expect("recorded");
}

#[track_caller]
fn fetch_one(node: &Node, patient: PatientRef) -> HolderRow {
    let spec = FetchSpec { wait_ms: 5_000, ..FetchSpec::treatment(patient, "reception 12") };
    let mut rows = node.service.fetch(&doctor(), &spec).expect("asked");
    assert_eq!(rows.len(), 1, "{:?}", rows.iter().map(|row| row.state.word()).collect::<Vec<_>>());
    rows.remove(0)
}

#[test]
fn a_charter_needs_k_founders_and_the_node_that_drafted_it() {
    let (mut one, mut other) = (node(CLINIC, FacilityClass::Clinic), node(PHARMACY, FacilityClass::Pharmacy));
    let lines = join_lines(vec![one.ends(), other.ends()]);
    let all = shares(&["a", "b", "c"]);
    let draft = one.service.draft_network(&Founding::usual("net", public(&all), 2), &all[..1]).expect("drafted");
    assert!(one.service.found(&draft.file).expect_err("one is too few").to_string().starts_with("1 of 2"));
    assert!(sign_charter(&draft.file, &Share::new("stranger")).is_err());
    let signed = sign_charter(&draft.file, &all[2]).expect("signed");
    assert!(signed.tally.is_enough());
    assert!(other.service.found(&signed.file).is_err(), "its secret is at the first node");
    assert_eq!(one.service.found(&signed.file).expect("founded"), draft.network);
    let too_few = Founding::usual("net", public(&all), 1);
    assert!(one.service.draft_network(&too_few, &all[..1]).is_err());
    drop(lines);
}

#[test]
fn a_facility_is_invited_asks_and_is_admitted_by_founders_at_two_nodes() {
    let mut nodes = [
        node(CLINIC, FacilityClass::Clinic),
        node(PHARMACY, FacilityClass::Pharmacy),
        node(OFFICE_NODE, FacilityClass::Hospital),
    ];
    let lines = join_lines(nodes.iter_mut().map(Node::ends).collect());
    let [clinic, pharmacy, third] = &nodes;
    let shares = shares(&["clinic", "pharmacy", "office"]);
    let network = found(clinic, "気仙", &shares);

    // Clinic's share and the office's paper share are at one node.
    let invite = clinic.service.invite(network, pharmacy.facility.clone(), Vec::new()).expect("invited");
    assert!(third.service.join(&invite.to_text()).is_err(), "the invite names another facility");
    assert_eq!(pharmacy.service.join(&invite.to_text()).expect("asked"), network);
    eventually("the request is here", || clinic.service.pending_joins().len() == 1);
    let signing = clinic.service.admit(invite.id(), &[shares[0].clone(), shares[2].clone()]).expect("admitted");
    assert!(signing.is_complete());
    eventually("the pharmacy is in", || pharmacy.service.join_status(network) == Some(JoinStatus::Admitted));
    assert!(clinic.service.pending_joins().is_empty());

    // One share at each of two nodes: the half-signed membership travels.
    let invite = clinic.service.invite(network, third.facility.clone(), Vec::new()).expect("invited");
    third.service.join(&invite.to_text()).expect("asked");
    eventually("the request is here", || clinic.service.pending_joins().len() == 1);
    let half = clinic.service.admit(invite.id(), &shares[..1]).expect("signed");
    assert!(!half.is_complete());
    assert!(clinic.service.admit(invite.id(), &[Share::new("nobody")]).is_err());
    eventually("the other founder's node has it", || pharmacy.service.proposals().iter().any(|p| p.hash == half.hash));
    assert!(pharmacy.service.sign_proposal(half.hash, &shares[1..2]).expect("signed").is_complete());
    eventually("the third is in", || third.service.join_status(network) == Some(JoinStatus::Admitted));
    eventually("all see all", || {
        nodes.iter().all(|node| node.service.peers().iter().filter(|peer| peer.is_up).count() == 2)
    });

    // Revoked by two, it is a stranger everywhere.
    let [clinic, _, third] = &nodes;
    let target = Target::Membership(third.facility.clone());
    assert!(clinic.service.revoke(network, target, "left", &shares[..2]).expect("revoked").is_complete());
    eventually("the others hang up", || nodes[..2].iter().all(|node| node.service.peers().len() == 1));
    drop(lines);
}

#[test]
fn a_facility_without_a_line_joins_by_files() {
    let (clinic, pharmacy) = (node(CLINIC, FacilityClass::Clinic), node(PHARMACY, FacilityClass::Pharmacy));
    let mut nodes = [clinic, pharmacy];
    let ends: Vec<_> = nodes.iter_mut().map(Node::ends).collect();
    let engines: Vec<_> = ends.into_iter().map(|(host, inbox)| alone::start(host, inbox).expect("a thread")).collect();
    let [clinic, pharmacy] = &nodes;
    let shares = shares(&["a", "b", "c"]);
    let network = found(clinic, "閉域", &shares);
    let charter = clinic.service.export_charter(network).expect("a file");
    let asked = pharmacy.service.join_file(&charter, &pharmacy.facility).expect("a file");
    assert!(clinic.service.welcome_file(network, &pharmacy.facility).expect("known").is_none());
    assert!(clinic.service.admit_file(&asked, &shares[1..]).expect("admitted").is_complete());
    let welcome = clinic.service.welcome_file(network, &pharmacy.facility).expect("known").expect("admitted");
    pharmacy.service.import(&welcome).expect("taken");
    assert_eq!(pharmacy.service.join_status(network), Some(JoinStatus::Admitted));
    // It stays so after a restart.
    drop(engines);
    let [_, pharmacy] = nodes;
    let Node { service, folder, .. } = pharmacy;
    drop(service);
    let reopened = Service::open(config(&folder, PHARMACY, FacilityClass::Pharmacy)).expect("opens again");
    assert_eq!(reopened.service.join_status(network), Some(JoinStatus::Admitted));
    assert!(!reopened.report.is_new);
}

#[test]
fn records_cross_the_accord_with_consent_and_both_logs_prove_it() {
    let two = two_networks();
    let (clinic, hospital) = (&two.clinic, &two.hospital);
    let body = vec![7u8; 700_000];
    let here = add_patient(clinic, "5", "778899", b"own");
    let there = add_patient(hospital, "31", "778899", &body);
    assert!(clinic.service.locate(&doctor(), here).expect("looked").is_empty(), "nothing without consent");
    consent(hospital, there);
    eventually("the clinic finds the hospital", || {
        let found = clinic.service.locate(&doctor(), here).expect("looked");
        found.iter().any(|located| located.candidate.certainty == Certainty::Rules && located.is_online)
    });
    let row = fetch_one(clinic, here);
    assert_eq!(row.state, RowState::Answered(HolderStatus::NoConsentHere));
    consent(clinic, here);
    let row = fetch_one(clinic, here);
    assert!(row.has_data(), "{:?}", row.state);
    assert_eq!((row.items.len(), row.bytes), (1, body.len() as u64));

    let cache = ViewCache::new(clinic.service.store().clone());
    let request = row.request.expect("sent");
    let read = || cache.bytes(request, row.items[0].id, clinic.service.now(), 1 << 20);
    assert_eq!(read().expect("kept"), body);

    // Each side proves its own leaf, with the other's signature on it.
    for node in [clinic, hospital] {
        let find = |what| LogQuery { what: Some(what), request: Some(request), ..LogQuery::default() };
        eventually("the receipt of both is on file", || {
            !node.service.audit(&doctor(), &find(What::Receipted)).expect("read").is_empty()
        });
        let leaf = if node.facility == clinic.facility { row.leaf } else { row.holder_leaf.map(|(leaf, _)| leaf) };
        let proof = node.service.prove(&doctor(), leaf.expect("a leaf")).expect("proven");
        assert!(proof.is_witnessed);
        let findings = check_evidence(&proof.text).expect("holds");
        assert!(findings.exchange.expect("both signed").names_this_leaf);
        assert!(node.service.verify_log().expect("sound").is_sound());
    }

    // Withdrawn: told, dropped, gone.
    let done = hospital.service.withdraw_consent(&doctor(), &WithdrawSpec::everything(there)).expect("withdrawn");
    assert_eq!(done.progress.told, vec![clinic.service.node_key()]);
    eventually("the copy is gone", || read().is_err());
    eventually("the entry is gone", || clinic.service.locate(&doctor(), here).expect("looked").is_empty());
    let list = hospital.service.patients_list(&doctor(), there).expect("read");
    assert!(list.iter().any(|line| line.event.what == What::ConsentWithdrawn));
    // A patient who signs again is found again.
    consent(hospital, there);
    eventually("found again", || !clinic.service.locate(&doctor(), here).expect("looked").is_empty());
    assert!(fetch_one(clinic, here).has_data());
}

#[test]
fn a_holder_that_is_offline_is_never_none_and_an_accord_can_be_taken_back() {
    let two = two_networks();
    let (clinic, hospital) = (&two.clinic, &two.hospital);
    let (here, there) = (add_patient(clinic, "5", "778899", b"own"), add_patient(hospital, "31", "778899", b"theirs"));
    consent(hospital, there);
    consent(clinic, here);
    eventually("the clinic finds the hospital", || !clinic.service.locate(&doctor(), here).expect("looked").is_empty());
    let spec = FetchSpec { kinds: KindSet::of(&[Coarse::Image]), ..FetchSpec::treatment(here, "reception 12") };
    let rows = clinic.service.fetch(&doctor(), &spec).expect("asked");
    assert_eq!(rows[0].state, RowState::Answered(HolderStatus::OutsideAccord { clause: 1 }));
    two.lines.switch(1, false);
    eventually("the line is cut", || clinic.service.peers().iter().all(|peer| !peer.is_up));
    let row = fetch_one(clinic, here);
    assert!(matches!(row.state, RowState::Answered(HolderStatus::Offline { last_seen: Some(_) })), "{:?}", row.state);
    two.lines.switch(1, true);
    eventually("the line is back", || clinic.service.peers().iter().all(|peer| peer.is_up));
    assert!(fetch_one(clinic, here).has_data());
    let accord = protocol::state::Accord::id_of(two.kesen, two.mmwin);
    let half = clinic.service.revoke(two.kesen, Target::Accord(accord), "test", &two.kesen_shares[..1]).expect("begun");
    assert!(!half.is_complete());
    let full = clinic.service.revoke(two.kesen, Target::Accord(accord), "test", &two.kesen_shares[1..2]).expect("done");
    assert!(full.is_complete() && full.hash == half.hash);
    assert!(clinic.service.accords().iter().all(|accord| !accord.in_force));
    eventually("nobody is left", || clinic.service.peers().is_empty() && hospital.service.peers().is_empty());
}

#[test]
fn a_link_made_at_both_desks_opens_what_rules_alone_do_not() {
    let two = two_networks();
    let (clinic, hospital) = (&two.clinic, &two.hospital);
    let (here, there) = (add_patient(clinic, "5", "778899", b"own"), add_patient(hospital, "31", "112233", b"theirs"));
    consent(hospital, there);
    consent(clinic, here);
    eventually("a candidate shows", || !clinic.service.locate(&doctor(), here).expect("looked").is_empty());
    assert_eq!(fetch_one(clinic, here).state, RowState::Unlinked);
    clinic.service.ask_link(&doctor(), here, &hospital.facility, None, "same birthplace, by telephone").expect("asked");
    let asked = || hospital.service.link_questions(&doctor()).expect("read").into_iter().find(|q| !q.asked_here);
    eventually("the question is there", || asked().is_some());
    let question = asked().expect("there");
    assert_eq!(question.patient, there);
    assert!(clinic.service.answer_link(&doctor(), question.id, LinkVerdict::Same).is_err(), "not ours to answer");
    hospital.service.answer_link(&doctor(), question.id, LinkVerdict::Same).expect("answered");
    eventually("the answer is here", || !clinic.service.links(&doctor(), here).expect("read").is_empty());
    assert!(fetch_one(clinic, here).has_data());
    clinic.service.answer_link(&doctor(), question.id, LinkVerdict::Undone).expect("taken back");
    eventually("unlinked again", || fetch_one(clinic, here).state == RowState::Unlinked);
}

#[test]
fn an_accord_is_signed_by_founders_at_two_nodes_and_reaches_all_members() {
    let mut nodes = [
        node(CLINIC, FacilityClass::Clinic),
        node(PHARMACY, FacilityClass::Pharmacy),
        node(HOSPITAL, FacilityClass::Hospital),
    ];
    let lines = join_lines(nodes.iter_mut().map(Node::ends).collect());
    let [clinic, pharmacy, hospital] = &nodes;
    let (ours, theirs) = (shares(&["clinic", "pharmacy", "office"]), shares(&["大学", "病院", "県"]));
    let (kesen, mmwin) = (found(clinic, "気仙", &ours), found(hospital, "MMWIN", &theirs));
    let invite = clinic.service.invite(kesen, pharmacy.facility.clone(), Vec::new()).expect("invited");
    pharmacy.service.join(&invite.to_text()).expect("asked");
    eventually("the request is here", || clinic.service.pending_joins().len() == 1);
    clinic.service.admit(invite.id(), &ours[..2]).expect("admitted");
    eventually("the pharmacy is in", || pharmacy.service.join_status(kesen) == Some(JoinStatus::Admitted));

    let terms = terms(kesen, hospital, mmwin, vec![clinic.address()]);
    let half = clinic.service.propose_accord(&terms, &ours[..1]).expect("proposed");
    let waits_at = |node: &Node| node.service.proposals().into_iter().find(|signing| signing.hash == half.hash);
    eventually("the other founder's node has it", || waits_at(pharmacy).is_some());
    assert!(!pharmacy.service.sign_proposal(half.hash, &ours[1..2]).expect("signed").is_complete());
    eventually("both signatures are at the clinic", || {
        waits_at(clinic)
            .is_some_and(|signing| signing.tallies.iter().any(|tally| tally.network == kesen && tally.is_enough()))
    });
    let file = clinic.service.export(half.hash).expect("a file");
    assert_eq!(hospital.service.import(&file).expect("taken").len(), 1);
    assert!(hospital.service.sign_proposal(half.hash, &theirs[..2]).expect("signed").is_complete());
    // From here on no file: the hospital knows a contact, and the rest follows.
    eventually("all three see each other", || {
        nodes.iter().all(|node| node.service.peers().iter().filter(|peer| peer.is_up).count() == 2)
    });
    eventually("all have the accord", || {
        nodes.iter().all(|node| node.service.accords().iter().any(|accord| accord.in_force))
    });
    drop(lines);
}
