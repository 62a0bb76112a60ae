//! Linking over a real store: what changed is linked, asked or left alone; people decide; nothing widens a consent.
use super::{LinkId, LinksError, PairId, Reach, Undone};
use crate::consents::ConsentSpec;
use crate::engine::alone;
use crate::onboarding::FacilitySpec;
use crate::patients::{NEXT_KEY, PatientEntry, entry_key};
use crate::timeline::TimelineSpec;
use crate::{Opened, Service, ServiceConfig, Staff};
use matching::link::bands::Doubt;
use matching::link::review::{Answer, Spoken};
use protocol::audit::What;
use protocol::data::{Batch, Space, View, encode};
use protocol::fetch::{Place, RecordHead, State, digest_of, head_key};
use protocol::ids::{AuthorityId, FacilityId, PatientId, PatientRef, RecordKey};
use protocol::kinds::{Coarse, DataKind, FacilityClass, Role};
use protocol::time::{Date, Millis};
use records::model::{Address, NameForm, PersonName, Phone, Sex};
use tempfile::TempDir;

const HOSPITAL: &str = "0310000001";
const CLINIC: &str = "0310000002";

pub(super) struct Node {
    pub(super) service: Service,
    _driver: alone::Alone,
    _folder: TempDir,
    revision: u64,
}

/// A patient, told from a usual one by what differs.
#[derive(Clone, Copy)]
struct Who {
    facility: &'static str,
    given: (&'static str, &'static str),
    birth: (u16, u8, u8),
    town: &'static str,
    phone: &'static str,
}

const HANAKO: Who = Who {
    facility: HOSPITAL,
    given: ("花子", "ハナコ"),
    birth: (1942, 4, 18),
    town: "千葉県見本市見本町1-2-3",
    phone: "0470000001",
};

fn facility(digits: &str) -> FacilityId {
    FacilityId::parse(digits).expect("ten digits")
}
fn staff(number: &str) -> Staff {
    Staff::new(number, Role::Doctor).expect("a number")
}
fn pair(one: u64, other: u64) -> PairId {
    PairId::of(PatientRef(one), PatientRef(other))
}

impl Node {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |digits| FacilitySpec::usual(facility(digits), format!("施設 {digits}"), FacilityClass::Clinic, false);
        let config =
            ServiceConfig { facilities: vec![of(HOSPITAL), of(CLINIC)], ..ServiceConfig::new(folder.path(), "office") };
        let Opened { service, host, inbox, .. } = Service::open(config).expect("opens");
        Self { service, _driver: alone::start(host, inbox).expect("a thread"), _folder: folder, revision: 0 }
    }
    /// Writes a patient as an ingest would, with one record.
    fn put(&mut self, number: u64, who: Who) {
        self.revision += 1;
        let authority = AuthorityId::parse("1.2.392.100495.20.3.51.1").expect("an OID");
        let id = PatientId::new(authority, &format!("{number:08}")).expect("a number");
        let mut entry = PatientEntry::new(id.clone(), facility(who.facility));
        let name = |family: &str, given: &str, form| PersonName {
            family: family.to_owned().into(),
            given: given.to_owned().into(),
            form,
        };
        entry.patient.names =
            vec![name("十時", who.given.0, NameForm::Kanji), name("トトキ", who.given.1, NameForm::Kana)];
        entry.patient.birth_date = Date::new(who.birth.0, who.birth.1, who.birth.2).into();
        entry.patient.sex = Sex::Female;
        entry.patient.addresses = vec![Address {
            postcode: "2700000".to_owned().into(),
            text: who.town.to_owned().into(),
            purpose: "H".into(),
        }];
        entry.patient.phones =
            vec![Phone { number: who.phone.to_owned().into(), purpose: "PRN".into(), equipment: "PH".into() }];
        entry.count(Coarse::Lab, true);
        let kind = DataKind::parse("OML-11").expect("a kind");
        let care_date = Date::new(2026, 4, 5);
        let body = format!("body {number}");
        let head = RecordHead {
            key: RecordKey {
                facility: entry.facility.clone(),
                patient: id,
                kind: kind.clone(),
                care_date,
                key: "1".into(),
            },
            at: Millis(1),
            department: "01".into(),
            title: format!("検査 {number}"),
            digest: digest_of(body.as_bytes()),
            size: body.len() as u64,
            state: State::Current,
            source: "main".into(),
            stored_at: Millis(1),
            place: Place::Blob { id: self.service.store().blobs().put(body.as_bytes()).expect("written").0 },
        };
        let mut batch = Batch::default();
        let patient = PatientRef(number);
        let mut name = [0; 16];
        name[15] = number as u8;
        batch.put(Space::Patients, entry_key(patient), encode(&entry));
        batch.put(Space::Records, head_key(patient, care_date, &kind, &name), encode(&head));
        batch.put(Space::Meta, NEXT_KEY, encode(&(self.service.patients().count().max(number) + 1)));
        super::rows::note(&mut batch, patient, self.revision);
        self.service.commit(batch).expect("written");
    }
    fn link(&self) -> super::Tally {
        self.service.link_pending().expect("linked")
    }
    /// Pairs that wait for people.
    pub(super) fn open_pairs(&self) -> Vec<(u64, u64)> {
        let open = super::rows::questions(&self.service.view(), usize::MAX);
        open.into_iter().map(|question| (question.pair.0.0, question.pair.1.0)).collect()
    }
    pub(super) fn person(&self, number: u64) -> Vec<u64> {
        super::person::members(&self.service.view(), PatientRef(number)).iter().map(|patient| patient.0).collect()
    }
    fn open(&self) -> Vec<(PairId, Option<Doubt>)> {
        let open = self.service.link_review(&staff("a"), true).expect("shown");
        open.into_iter().map(|question| (question.pair, question.doubt)).collect()
    }
    fn links(&self, number: u64) -> Vec<(LinkId, bool)> {
        let all = self.service.link_history(&staff("a"), PatientRef(number)).expect("shown");
        assert!(all.iter().all(|(_, _, sound)| *sound), "every assertion is as it was signed");
        all.into_iter().map(|(link, holds, _)| (link.id, holds)).collect()
    }
    fn events(&self, what: What) -> usize {
        let head = self.service.log_head();
        protocol::audit::events(&self.service.view(), 0, head.size as usize)
            .iter()
            .filter(|(_, event)| event.what == what)
            .count()
    }
    fn titles(&self, number: u64) -> Vec<String> {
        let spec = TimelineSpec::all(PatientRef(number));
        let shown = self.service.timelines().show(&staff("d"), &spec).expect("shown");
        shown.rows.into_iter().map(|row| row.title).collect()
    }
}

#[test]
fn the_same_person_at_two_facilities_is_linked_and_a_twin_is_not() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, Who { facility: CLINIC, ..HANAKO });
    node.put(3, Who { facility: CLINIC, given: ("花江", "ハナエ"), ..HANAKO });
    node.put(4, Who { facility: CLINIC, given: ("一郎", "イチロウ"), birth: (1970, 6, 2), ..HANAKO });
    let done = node.link();
    assert_eq!((done.patients, done.linked), (4, 1));
    assert_eq!(
        (node.person(1), node.person(2), node.person(3), node.person(4)),
        (vec![1, 2], vec![1, 2], vec![3], vec![4])
    );
    assert_eq!(node.events(What::LinkMade), 2, "one for each of the two");
    assert!(node.open().iter().all(|(pair, _)| pair.1 == PatientRef(3)), "{:?}", node.open());
    // Nothing changed: nothing is done, and nothing is asked twice.
    node.put(2, Who { facility: CLINIC, ..HANAKO });
    assert_eq!(node.link().linked, 0);
    assert_eq!(node.links(1).len(), 1);
}

#[test]
fn linking_one_after_the_other_or_all_at_once_gives_the_same() {
    let (mut apart, mut together) = (Node::new(), Node::new());
    let all = [
        HANAKO,
        Who { facility: CLINIC, ..HANAKO },
        Who { given: ("花江", "ハナエ"), facility: CLINIC, ..HANAKO },
        HANAKO,
    ];
    for (number, who) in (1..).zip(all) {
        apart.put(number, who);
        apart.link();
        together.put(number, who);
    }
    together.link();
    assert_eq!((apart.person(1), apart.open()), (together.person(1), together.open()));
}

#[test]
fn two_charts_of_one_facility_wait_for_a_person_and_then_are_one() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, HANAKO);
    node.link();
    assert_eq!(node.open(), [(pair(1, 2), Some(Doubt::SameFacility))]);
    let shown = node.service.link_side_by_side(&staff("a"), pair(1, 2)).expect("shown");
    assert!(shown.differences.iter().all(|difference| difference.is_equal()) && shown.differences.len() >= 5);
    assert!(matches!(node.service.answer_review(&staff("a"), pair(1, 2), Answer::Same, "  "), Err(LinksError::Reason)));
    let reviewed = node.service.answer_review(&staff("a"), pair(1, 2), Answer::Same, "old card").expect("taken");
    assert_eq!(reviewed.spoken, Spoken::Settled(Answer::Same));
    assert_eq!((node.person(2), node.open()), (vec![1, 2], vec![]));
    // Both are records of the house itself.
    assert_eq!(node.titles(1), ["検査 1", "検査 2"]);
}

#[test]
fn row_157_twins_are_joined_by_two_people_only_and_parted_by_one() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, Who { facility: CLINIC, given: ("花江", "ハナエ"), ..HANAKO });
    node.link();
    let [(asked, Some(doubt))] = node.open()[..] else { panic!("one question: {:?}", node.open()) };
    assert!(matching::link::review::needs_second(doubt));
    let say = |who: &str, answer| {
        node.service.answer_review(&staff(who), asked, answer, "looked at it").expect("taken").spoken
    };
    assert_eq!(say("a", Answer::Same), Spoken::NeedsSecond);
    assert_eq!(say("a", Answer::Same), Spoken::SamePerson);
    assert_eq!(say("b", Answer::NotSame), Spoken::Disputed);
    assert_eq!(say("a", Answer::Same), Spoken::NeedsSecond);
    assert_eq!(node.person(1), [1], "one word is not enough");
    assert_eq!(say("b", Answer::Same), Spoken::Settled(Answer::Same));
    assert_eq!((node.person(1), node.open()), (vec![1, 2], vec![]), "what people knew is no contradiction");
}

#[test]
fn twins_at_one_facility_are_joined_by_two_people_as_at_two() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, Who { given: ("花江", "ハナエ"), ..HANAKO });
    node.link();
    let asked = node.open()[0].0;
    let shown = node.service.link_side_by_side(&staff("a"), asked).expect("shown");
    assert!(shown.question.needs_second(), "two charts of one house, and twins: {:?}", shown.question.doubt);
    let say =
        |who: &str| node.service.answer_review(&staff(who), asked, Answer::Same, "both here").expect("taken").spoken;
    assert_eq!((say("a"), say("b")), (Spoken::NeedsSecond, Spoken::Settled(Answer::Same)));
}

#[test]
fn what_people_parted_never_comes_together_by_a_rule() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, Who { facility: CLINIC, ..HANAKO });
    node.link();
    let undone = node.service.undo_link(&staff("a"), LinkId(1), "two persons").expect("undone");
    assert!(matches!(undone, Undone::Done { .. }));
    assert_eq!(node.person(1), [1]);
    assert_eq!(node.links(1).iter().map(|(_, holds)| *holds).collect::<Vec<_>>(), [false, true, true]);
    node.put(2, Who { facility: CLINIC, phone: "0470000002", ..HANAKO });
    node.service.begin_link_run(&staff("a")).expect("begun");
    while node.service.link_run_step().expect("a page").is_some() {}
    node.link();
    assert_eq!((node.person(1), node.open()), (vec![1], vec![]));
    assert!(matches!(node.service.undo_link(&staff("a"), LinkId(1), "again"), Err(LinksError::NotHeld(_))));
    assert!(node.service.make_link(&staff("a"), pair(1, 2), "on second thoughts").is_err(), "withdraw the word first");
    assert_eq!(node.open(), vec![], "what was refused leaves no question");
}

#[test]
fn two_persons_of_several_patients_come_together_by_two_people_only() {
    let mut node = Node::new();
    let moved = Who { town: "宮城県見本市別町9-9", phone: "0220000009", ..HANAKO };
    node.put(1, HANAKO);
    node.put(2, Who { facility: CLINIC, ..HANAKO });
    node.put(3, moved);
    node.put(4, Who { facility: CLINIC, ..moved });
    node.link();
    assert_eq!((node.person(1), node.person(3)), (vec![1, 2], vec![3, 4]));
    let say = |who: &str| node.service.make_link(&staff(who), pair(1, 3), "she moved").expect("taken").spoken;
    assert_eq!((say("a"), say("a")), (Spoken::NeedsSecond, Spoken::SamePerson));
    assert_eq!(node.person(1), [1, 2], "one word is not enough");
    assert_eq!(say("b"), Spoken::Settled(Answer::Same));
    assert_eq!(node.person(1), [1, 2, 3, 4]);
}

#[test]
fn a_link_shows_another_facilitys_records_only_as_its_consent_says() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, Who { facility: CLINIC, ..HANAKO });
    node.link();
    let reach = |of: u64| node.service.person(&staff("d"), PatientRef(of)).expect("shown")[1].reach;
    assert_eq!((node.titles(1), reach(1)), (vec!["検査 1".to_owned()], Reach::NoConsent));
    node.service.record_consent(&staff("d"), &ConsentSpec::broad(PatientRef(2))).expect("on file");
    assert_eq!((node.titles(1).len(), reach(1)), (2, Reach::Consent), "2 said yes");
    assert_eq!((node.titles(2), reach(2)), (vec!["検査 2".to_owned()], Reach::NoConsent), "1 said nothing");
}

#[test]
fn undoing_tells_what_had_been_visible_and_to_whom() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, Who { facility: CLINIC, ..HANAKO });
    node.link();
    node.service.record_consent(&staff("d"), &ConsentSpec::broad(PatientRef(2))).expect("on file");
    assert_eq!(node.titles(1).len(), 2);
    let Undone::Done { exposure, .. } = node.service.undo_link(&staff("a"), LinkId(1), "two persons").expect("undone")
    else {
        panic!("one person undoes what a rule made")
    };
    assert_eq!(exposure.parts, [vec![PatientRef(1)], vec![PatientRef(2)]]);
    let seen: Vec<_> = exposure.looks.iter().map(|l| (l.patient.0, l.through.0, l.count, l.staff.clone())).collect();
    assert_eq!(seen, [(2, 1, 1, Some("d".to_owned()))]);
    assert_eq!(node.titles(1).len(), 1);
}

#[test]
fn a_link_of_people_is_undone_by_two() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, HANAKO);
    node.link();
    let id = node.service.answer_review(&staff("a"), pair(1, 2), Answer::Same, "old card").expect("taken").link;
    let undo = |who: &str| node.service.undo_link(&staff(who), id.expect("a link"), "wrong card").expect("taken");
    assert_eq!((undo("a"), undo("a")), (Undone::NeedsSecond, Undone::SamePerson));
    assert_eq!(node.person(1), [1, 2]);
    assert!(matches!(undo("b"), Undone::Done { .. }));
    assert_eq!(node.person(1), [1]);
}

#[test]
fn records_that_come_to_contradict_part_what_a_rule_joined() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, Who { facility: CLINIC, ..HANAKO });
    node.link();
    node.put(2, Who { facility: CLINIC, given: ("太郎", "タロウ"), birth: (1980, 1, 2), ..HANAKO });
    assert_eq!(node.link().withdrawn, 1);
    assert_eq!(node.person(1), [1]);
}

#[test]
fn an_erased_patient_leaves_no_link_tag_or_question() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, Who { facility: CLINIC, ..HANAKO });
    node.put(3, HANAKO);
    node.link();
    node.service.erase_patient(&staff("a"), PatientRef(2), "wish").expect("erased");
    node.service.erase_patient(&staff("a"), PatientRef(3), "wish").expect("erased");
    let view = node.service.view();
    let left = |space, prefix: &[u8]| view.scan(space, prefix, &[], 100).len();
    assert_eq!(left(Space::Desk, b"linkask"), 0);
    assert_eq!(
        (left(Space::People, b"linkof/"), left(Space::People, b"link/"), left(Space::People, b"linktags/")),
        (0, 0, 1)
    );
    let of_one = left(Space::Tokens, b"probe/");
    assert!(of_one > 0 && of_one < 20, "those of the first alone: {of_one}");
    assert_eq!(node.person(1), [1]);
}

#[test]
fn numbers_of_patients_who_are_not_counted_call_for_no_further_census() {
    let mut node = Node::new();
    for number in 1..=210 {
        let birth = (1930 + (number % 60) as u16, 1 + (number % 12) as u8, 1 + (number % 28) as u8);
        node.put(number, Who { birth, phone: "", town: "", ..HANAKO });
        if number % 2 == 0 {
            let entry = crate::patients::load(&node.service.view(), PatientRef(number)).expect("here");
            let mut batch = Batch::default();
            let key = entry_key(PatientRef(number));
            batch.put(Space::Patients, key, encode(&PatientEntry { is_deleted: true, ..entry }));
            node.service.commit(batch).expect("written");
        }
    }
    assert!(node.link().patients > super::limits::PAGE as u64, "more than one page");
    assert_eq!(node.service.link_stats(&staff("a")).expect("shown").census, (1, 105));
}

#[test]
fn linking_all_anew_goes_on_after_a_stop_and_counts_names() {
    let mut node = Node::new();
    for number in 1..=300 {
        let given = [("花子", "ハナコ"), ("良子", "ヨシコ"), ("和子", "カズコ")][(number % 3) as usize];
        let birth = (1930 + (number % 60) as u16, 1 + (number % 12) as u8, 1 + (number % 28) as u8);
        let phone: &'static str = Box::leak(format!("04700{number:05}").into_boxed_str());
        node.put(number, Who { given, birth, phone, town: "", ..HANAKO });
    }
    node.service.begin_link_run(&staff("a")).expect("begun");
    let first = node.service.link_run_step().expect("a page").expect("more");
    assert!(first.tally.patients < 300);
    assert_eq!(node.service.link_run(), Some(first), "where it stands is in the store");
    let mut last = first;
    while let Some(run) = node.service.link_run_step().expect("a page") {
        last = run;
    }
    assert_eq!((last.tally.patients, node.service.link_run()), (300, None));
    let stats = node.service.link_stats(&staff("a")).expect("shown");
    assert_eq!((stats.census, stats.patients), ((1, 300), 300));
}

#[test]
fn a_slip_is_taken_back_by_who_made_it_and_the_question_stands_as_before() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, HANAKO);
    node.put(3, Who { facility: CLINIC, given: ("花江", "ハナエ"), ..HANAKO });
    node.link();
    let (asked, took) = (node.open(), |who: &str| node.service.take_back_word(&staff(who)));
    assert!(matches!(took("a"), Err(LinksError::NoWord)), "nothing was said");
    for answer in [Answer::Same, Answer::NotSame] {
        let said = node.service.answer_review(&staff("a"), pair(1, 2), answer, "a slip").expect("taken");
        assert!(said.link.is_some());
        assert!(matches!(took("b"), Err(LinksError::NoWord)), "a word of somebody else");
        assert_eq!(node.service.last_word(&staff("a")), Some(pair(1, 2)));
        let back = took("a").expect("taken back");
        assert_eq!((back.pair, back.link), (pair(1, 2), said.link));
        assert_eq!((node.person(1), node.open()), (vec![1], asked.clone()));
        assert!(matches!(took("a"), Err(LinksError::NoWord)), "once");
    }
    // Nothing of it is lost: two words, each with its taking back, for each of the two.
    assert_eq!((node.events(What::LinkMade), node.events(What::LinkUndone)), (2, 6));
    let said = node.service.answer_review(&staff("b"), pair(1, 2), Answer::Same, "old card").expect("taken");
    assert_eq!(said.spoken, Spoken::Settled(Answer::Same), "what was taken back stands in nobody's way");
}

#[test]
fn a_first_word_and_a_later_are_taken_back_unless_somebody_spoke_since_or_it_is_long_ago() {
    let mut node = Node::new();
    node.put(1, HANAKO);
    node.put(2, Who { facility: CLINIC, given: ("花江", "ハナエ"), ..HANAKO });
    node.link();
    let asked = node.open()[0].0;
    let now = || super::rows::question(&node.service.view(), asked).expect("open");
    let say =
        |who: &str, answer| node.service.answer_review(&staff(who), asked, answer, "looked").expect("taken").spoken;
    node.service.review_later(&staff("a"), asked, 3).expect("put off");
    node.service.take_back_word(&staff("a")).expect("taken back");
    assert_eq!(now().later, None);
    assert_eq!(say("a", Answer::Same), Spoken::NeedsSecond);
    node.service.take_back_word(&staff("a")).expect("taken back");
    assert_eq!(now().first, None);
    assert_eq!((say("a", Answer::Same), say("b", Answer::NotSame)), (Spoken::NeedsSecond, Spoken::Disputed));
    assert!(matches!(node.service.take_back_word(&staff("a")), Err(LinksError::NoWord)), "b spoke since");
    node.service.take_back_word(&staff("b")).expect("taken back");
    assert_eq!(now().first.map(|first| first.staff), Some("a".to_owned()));
    assert_eq!(say("b", Answer::Same), Spoken::Settled(Answer::Same));
    let mut old: super::slip::Slip =
        protocol::data::decode(&node.service.view().get(Space::Desk, &super::rows::slip_key("b")).expect("kept"))
            .expect("read");
    old.at = Millis(old.at.0 - super::limits::SLIP_MS - 1_000);
    let mut batch = Batch::default();
    batch.put(Space::Desk, super::rows::slip_key("b"), encode(&old));
    node.service.commit(batch).expect("written");
    assert_eq!(node.service.last_word(&staff("b")), None);
    assert!(matches!(node.service.take_back_word(&staff("b")), Err(LinksError::NoWord)), "too long ago");
    assert_eq!(node.person(1), [1, 2]);
    node.service.erase_patient(&staff("a"), PatientRef(2), "wish").expect("erased");
    assert_eq!(node.service.view().scan(Space::Desk, super::rows::SLIP, &[], 10).len(), 0);
}
