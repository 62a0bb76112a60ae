//! Counts over real stores: two nodes, and a side of several holders; what is altered, foreign or of another count is refused.
use super::file::{OverlapFile, OverlapKind};
use super::{AcceptOverlap, AskOverlap, OverlapError, SecretFor};
use crate::engine::alone;
use crate::founders::Founding;
use crate::keys::Share;
use crate::onboarding::FacilitySpec;
use crate::patients::{PatientEntry, entry_key};
use crate::{Opened, Service, ServiceConfig};
use proptest::prelude::*;
use protocol::data::{Batch, Space, encode};
use protocol::ids::{AuthorityId, FacilityId, NetworkId, PatientId, PatientRef};
use protocol::kinds::FacilityClass;
use protocol::overlap::{List, Refused, Told};
use protocol::time::Date;
use records::model::{NameForm, PersonName};
use std::ops::Range;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Node {
    service: Service,
    folder: TempDir,
    _driver: alone::Alone,
}

/// A network with its founders and one node.
struct Side {
    network: NetworkId,
    charter: String,
    shares: Vec<Share>,
    node: Node,
}

impl Node {
    fn new(digits: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let facility = FacilityId::parse(digits).expect("ten digits");
        let spec = FacilitySpec::usual(facility, "見本", FacilityClass::Clinic, false);
        let config =
            ServiceConfig { facilities: vec![spec], ..ServiceConfig::new(folder.path().join("node"), "見本") };
        let Opened { service, host, inbox, .. } = Service::open(config).expect("opens");
        let driver = alone::start(host, inbox).expect("a thread");
        Self { service, folder, _driver: driver }
    }
    fn know(&self, persons: Range<u32>) {
        let authority = AuthorityId::parse("1.2.392.100495.20.3.51.1").expect("an OID");
        let facility = self.service.facilities().first().expect("set up").id.clone();
        let mut batch = Batch::default();
        for person in persons {
            let id = PatientId::new(authority.clone(), &format!("{person:08}")).expect("a number");
            let mut entry = PatientEntry::new(id, facility.clone());
            let kana = ["アイ", "カキ", "サシ", "タチ", "ナニ"][person as usize % 5].to_owned();
            let family = "トトキ".to_owned();
            entry.patient.names = vec![PersonName { family: family.into(), given: kana.into(), form: NameForm::Kana }];
            let day = person / 5;
            let date = Date::new((1920 + day / 336) as u16, (day / 28 % 12 + 1) as u8, (day % 28 + 1) as u8);
            assert!(date.is_some());
            entry.patient.birth_date = date.into();
            batch.put(Space::Patients, entry_key(PatientRef(u64::from(person) + 1)), encode(&entry));
        }
        self.service.commit(batch).expect("written");
    }
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Side {
    fn new(digits: &str, name: &str) -> Self {
        let node = Node::new(digits);
        let shares: Vec<Share> = ["一", "二", "三"].into_iter().map(Share::new).collect();
        let founding = Founding::usual(name, shares.iter().map(Share::public).collect(), 2);
        let network = node.service.found_network(&founding, &shares[..2]).expect("founded");
        let charter = node.service.export_charter(network).expect("a charter");
        Self { network, charter, shares, node }
    }
    /// Another node of the network.
    fn holder(&self, digits: &str, persons: Range<u32>) -> Node {
        let node = Node::new(digits);
        node.service.read_partner(&self.charter).expect("a charter");
        node.service.keep_network(self.network).expect("kept");
        node.know(persons);
        node
    }
    fn ask(&self, with: &Self, parts: Vec<PathBuf>, to: &Path) -> Result<super::Stated, OverlapError> {
        let ask = AskOverlap { own: self.network, partner_charter: with.charter.clone(), parts };
        self.node.service.ask_overlap(&ask, &self.shares[2], to, &mut |_, _, _| ())
    }
    fn accept(&self, of: &Self, ask: &Path, to: &Path) -> Result<super::Stated, OverlapError> {
        let (ask, asker_charter) = (ask.to_owned(), of.charter.clone());
        let accept = AcceptOverlap { ask, asker_charter, parts: Vec::new(), raised: None };
        self.node.service.accept_overlap(&accept, &self.shares[1], to, &mut |_, _, _| ())
    }
}

#[test]
fn two_nodes_are_told_the_same_and_twice_is_enough() {
    let (ours, theirs) = (Side::new("0310000001", "一"), Side::new("0310000002", "二"));
    ours.node.know(0..260);
    theirs.node.know(60..300);
    for run in ["1", "2"] {
        let [ask, answer, outcome] = ["ask", "answer", "outcome"].map(|step| ours.node.file(&format!("{run}.{step}")));
        let stated = ours.ask(&theirs, Vec::new(), &ask).expect("asked");
        assert_eq!(stated.points, 1_000, "260 patients and 512 marks, filled");
        theirs.accept(&ours, &ask, &answer).expect("answered");
        let (_, told) = ours.node.service.count_overlap(&answer, None, &outcome, &mut |_, _, _| ()).expect("counted");
        assert_eq!(told, Told::About(200));
        assert_eq!(theirs.node.service.hear_overlap(&outcome).expect("heard").1, told);
        let again = theirs.accept(&ours, &ask, &ours.node.file("again"));
        assert!(matches!(again, Err(OverlapError::Refused(Refused::Replayed | Refused::TooOften(_)))), "{again:?}");
    }
    let third = ours.ask(&theirs, Vec::new(), &ours.node.file("3.ask"));
    assert!(matches!(third, Err(OverlapError::Refused(Refused::TooOften(_)))), "{third:?}");
    let turned = theirs.ask(&ours, Vec::new(), &ours.node.file("3.ask"));
    assert!(matches!(turned, Err(OverlapError::Refused(Refused::TooOften(_)))), "{turned:?}");
    assert!(!ours.node.file("3.ask").exists());
    assert_eq!(ours.node.service.overlaps().len(), 2);
}
#[test]
fn holders_of_a_side_count_as_one_and_who_merges_has_no_secret() {
    let (ours, theirs) = (Side::new("0310000001", "一"), Side::new("0310000002", "二"));
    let (one, two) = (ours.holder("0310000003", 0..150), ours.holder("0310000004", 100..250));
    theirs.node.know(0..200);
    let file = |name: &str| ours.node.file(name);
    let of = SecretFor::Asking { own: ours.network, partner_charter: theirs.charter.clone() };
    one.service.overlap_secret(&of, &file("secret")).expect("made");
    for (holder, part) in [(&one, "one.part"), (&two, "two.part")] {
        holder.service.overlap_mask(&file("secret"), &file(part), &mut |_, _, _| ()).expect("masked");
    }
    let parts = vec![file("one.part"), file("two.part")];
    // A holder has the secret: it must not see the other's list.
    let ask = AskOverlap { own: ours.network, partner_charter: theirs.charter.clone(), parts: parts.clone() };
    let by_holder = one.service.ask_overlap(&ask, &ours.shares[0], &file("x"), &mut |_, _, _| ());
    assert!(matches!(by_holder, Err(OverlapError::HasSecret)), "{by_holder:?}");
    ours.ask(&theirs, parts, &file("ask")).expect("asked");
    theirs.accept(&ours, &file("ask"), &file("answer")).expect("answered");
    let count = |raised: Option<&Path>, to: &str| {
        ours.node.service.count_overlap(&file("answer"), raised, &file(to), &mut |_, _, _| ())
    };
    assert!(matches!(count(None, "x"), Err(OverlapError::Raised)));
    let raise =
        |from: &str, to: &str| one.service.overlap_raise(&file("secret"), &file(from), &file(to), &mut |_, _, _| ());
    raise("answer", "raised").expect("raised");
    assert!(matches!(raise("ask", "x"), Err(OverlapError::RaisedAnother)));
    assert_eq!(count(Some(&file("raised")), "outcome").expect("counted").1, Told::About(200));
}
#[test]
fn altered_lists_and_files_of_other_counts_are_refused() {
    let (ours, theirs) = (Side::new("0310000001", "一"), Side::new("0310000002", "二"));
    let file = |name: &str| ours.node.file(name);
    ours.ask(&theirs, Vec::new(), &file("ask")).expect("asked");
    // A list that is whole in itself, under a signature over another.
    let mut asked = OverlapFile::read(&file("ask")).expect("a file");
    let fewer = asked.lists[0].points()[1..].to_vec();
    asked.lists = vec![List::gather(fewer).expect("short")];
    let mut out = Vec::new();
    asked.print(&mut out).expect("memory");
    std::fs::write(file("fewer"), out).expect("ours");
    let refused = theirs.accept(&ours, &file("fewer"), &file("x"));
    assert!(matches!(refused, Err(OverlapError::Refused(Refused::Signature))), "{refused:?}");
    // By the wrong network, with its own charter in place of the asker's, and over a file that is there.
    let wrong = theirs.accept(&theirs, &file("ask"), &file("x"));
    assert!(matches!(wrong, Err(OverlapError::Refused(Refused::WrongNetwork))), "{wrong:?}");
    let here = ours.accept(&ours, &file("ask"), &file("x"));
    assert!(matches!(here, Err(OverlapError::Refused(Refused::WrongNetwork))), "{here:?}");
    let over = theirs.accept(&ours, &file("ask"), &file("ask"));
    assert!(matches!(over, Err(OverlapError::File { .. })), "{over:?}");
    assert!(!file("x").exists());
    theirs.accept(&ours, &file("ask"), &file("answer")).expect("answered: nothing refused was remembered");
    // The two lists of an answer exchanged.
    let mut answer = OverlapFile::read(&file("answer")).expect("a file");
    answer.lists.reverse();
    let mut out = Vec::new();
    answer.print(&mut out).expect("memory");
    std::fs::write(file("turned"), out).expect("ours");
    let count = |name: &str| ours.node.service.count_overlap(&file(name), None, &file("outcome"), &mut |_, _, _| ());
    let turned = count("turned");
    assert!(matches!(turned, Err(OverlapError::Refused(Refused::Signature))), "{turned:?}");
    assert_eq!(count("answer").expect("counted").1, Told::Few, "nobody is shared");
}

/// A list of three points.
fn three() -> List {
    static THREE: std::sync::OnceLock<List> = std::sync::OnceLock::new();
    let make = || {
        let whole = List::default().filled(&[1; 32]).expect("short");
        List::gather(whole.points()[..3].to_vec()).expect("short")
    };
    THREE.get_or_init(make).clone()
}

proptest! {
    #[test]
    fn any_text_is_read_as_a_file_or_refused(text in "(musubi overlap 1 (ask|answer|secret)\n)?(head [A-Z=]{0,8}\n)?(list [0-9]{1,20}\n)?.{0,60}(\n.{0,60}){0,3}") {
        let _ = OverlapFile::parse(&mut text.as_bytes());
    }
    #[test]
    fn a_file_survives_mail_and_no_changed_letter_passes(head in proptest::collection::vec(any::<u8>(), 1..60), at: usize) {
        let file = OverlapFile::new(OverlapKind::Part, head, vec![three()]);
        let mut text = Vec::new();
        file.print(&mut text).expect("memory");
        let mailed = String::from_utf8(text.clone()).expect("ascii").replace('\n', "\r\n\r\n");
        let read = OverlapFile::parse(&mut mailed.as_bytes()).expect("a file");
        prop_assert_eq!((&read.head, &read.lists), (&file.head, &file.lists));
        let at = at % text.len();
        if text[at].is_ascii_alphanumeric() {
            text[at] = if text[at] == b'A' { b'B' } else { b'A' };
            let changed = OverlapFile::parse(&mut text.as_slice());
            prop_assert!(changed.is_err(), "a changed letter at {}", at);
        }
    }
}
