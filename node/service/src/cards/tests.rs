//! Cards over a real store: what is issued is read back, what was replaced or taken back does not count, and a card that is
//! shown is evidence.
use super::{CardDeskError, CardSpec};
use crate::engine::alone;
use crate::founders::Founding;
use crate::keys::Share;
use crate::onboarding::FacilitySpec;
use crate::patients::{NEXT_KEY, PatientEntry, entry_key};
use crate::{Opened, Service, ServiceConfig, Staff};
use protocol::audit::What;
use protocol::card::{CardError, CardPayload, CardRefused, CardSays, CardText};
use protocol::crypto::{Real, Secret};
use protocol::data::{Batch, Space, encode};
use protocol::ids::{AuthorityId, FacilityId, NetworkId, PatientId, PatientRef};
use protocol::kinds::{FacilityClass, Role};
use protocol::time::Date;
use records::model::{Address, NameForm, PersonName, Sex};
use tempfile::TempDir;

const HOSPITAL: &str = "0310000001";
const CLINIC: &str = "0310000002";

struct Node {
    service: Service,
    network: NetworkId,
    _driver: alone::Alone,
    _folder: TempDir,
}

fn facility(digits: &str) -> FacilityId {
    FacilityId::parse(digits).expect("ten digits")
}
fn clerk() -> Staff {
    Staff::new("c-3", Role::Clerk).expect("a number")
}

impl Node {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |digits| FacilitySpec::usual(facility(digits), format!("施設 {digits}"), FacilityClass::Clinic, false);
        let config =
            ServiceConfig { facilities: vec![of(HOSPITAL), of(CLINIC)], ..ServiceConfig::new(folder.path(), "office") };
        let Opened { service, host, inbox, .. } = Service::open(config).expect("opens");
        let driver = alone::start(host, inbox).expect("a thread");
        let shares: Vec<Share> = ["一", "二", "三"].into_iter().map(Share::new).collect();
        let founding = Founding::usual("見本ネット", shares.iter().map(Share::public).collect(), 2);
        let network = service.found_network(&founding, &shares[..2]).expect("founded");
        for digits in [HOSPITAL, CLINIC] {
            assert!(service.admit_own(network, &facility(digits), &shares[1..]).expect("admitted").is_complete());
        }
        let node = Self { service, network, _driver: driver, _folder: folder };
        node.put(1, HOSPITAL, "千葉県見本市見本町1-2-3", (1942, 4, 18));
        node.put(2, CLINIC, "宮城県見本市別町9-9-9", (1942, 4, 18));
        node.put(3, CLINIC, "宮城県見本市別町9-9-9", (1950, 5, 5));
        node.link();
        node
    }
    fn put(&self, number: u64, digits: &str, town: &str, birth: (u16, u8, u8)) {
        let authority = AuthorityId::parse("1.2.392.100495.20.3.51.1").expect("an OID");
        let id = PatientId::new(authority, &format!("{number:08}")).expect("a number");
        let mut entry = PatientEntry::new(id, facility(digits));
        let name = |family: &str, given: &str, form| PersonName {
            family: family.to_owned().into(),
            given: given.to_owned().into(),
            form,
        };
        entry.patient.names = vec![name("十時", "花子", NameForm::Kanji), name("トトキ", "ハナコ", NameForm::Kana)];
        entry.patient.birth_date = Date::new(birth.0, birth.1, birth.2).into();
        entry.patient.sex = Sex::Female;
        entry.patient.addresses =
            vec![Address { postcode: String::new().into(), text: town.to_owned().into(), purpose: "H".into() }];
        let mut batch = Batch::default();
        batch.put(Space::Patients, entry_key(PatientRef(number)), encode(&entry));
        batch.put(Space::Meta, NEXT_KEY, encode(&(number + 1)));
        crate::links::rows::note(&mut batch, PatientRef(number), number);
        self.service.commit(batch).expect("written");
    }
    fn link(&self) {
        self.service.link_pending().expect("linked");
    }
    fn person(&self, number: u64) -> Vec<u64> {
        crate::links::person_of(&self.service.view(), PatientRef(number)).iter().map(|patient| patient.0).collect()
    }
    fn issue(&self, patient: u64, spec: &CardSpec) -> Result<CardText, CardDeskError> {
        self.service.issue_card(&clerk(), PatientRef(patient), spec)
    }
    fn read(&self, text: &CardText, of: Option<u64>) -> Result<super::CardRead, CardDeskError> {
        self.service.read_card(&clerk(), &text.to_text(), of.map(PatientRef))
    }
    fn card_events(&self) -> Vec<String> {
        let events = protocol::audit::events(&self.service.view(), 0, self.service.log_head().size as usize);
        let of_cards = events.into_iter().filter(|(_, event)| event.what == What::CardUsed);
        of_cards.map(|(_, event)| event.note).collect()
    }
}

fn card(text: &CardText) -> &CardPayload {
    match &text.says {
        CardSays::Card(card) => card,
        CardSays::Stop(_) => panic!("a card"),
    }
}

#[test]
fn a_card_that_a_second_desk_reads_brings_two_charts_together() {
    let node = Node::new();
    assert_eq!(node.person(1), [1], "name and birth date alone link nobody");
    let text = node.issue(1, &CardSpec::default()).expect("issued");
    assert_eq!(card(&text).charts, [(facility(HOSPITAL), "00000001".into())]);
    let read = node.read(&text, Some(2)).expect("read");
    assert_eq!((read.network, read.own), (node.network, vec![PatientRef(1), PatientRef(2)]));
    node.link();
    assert_eq!(node.person(1), [1, 2]);
    let renewed =
        node.issue(2, &CardSpec { renews: Some(text.to_text()), ..CardSpec::default() }).expect("issued anew");
    assert_eq!((card(&renewed).issue, card(&renewed).charts.len()), (2, 2));
    assert_eq!(node.card_events(), ["issued", "shown for a second patient", "read", "issued"]);
}
#[test]
fn a_card_shown_by_somebody_of_another_birth_date_links_nobody() {
    let node = Node::new();
    let text = node.issue(1, &CardSpec::default()).expect("issued");
    node.read(&text, Some(3)).expect("read: the desk has to look, not the card");
    node.link();
    assert_eq!((node.person(1), node.person(3)), (vec![1], vec![3]));
    // Whoever is issued one under that number afterwards is stopped.
    let number = Some(card(&text).number.as_str().to_owned());
    assert!(matches!(node.issue(1, &CardSpec { number, ..CardSpec::default() }), Err(CardDeskError::Taken)));
}
#[test]
fn a_card_that_was_replaced_or_taken_back_is_refused_when_shown_again() {
    let node = Node::new();
    let first = node.issue(1, &CardSpec::default()).expect("issued");
    let second = node.issue(1, &CardSpec::default()).expect("issued anew");
    let refused = |text: &CardText| match node.read(text, None) {
        Err(CardDeskError::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&first), CardRefused::Superseded { issue: 1, newest: 2 });
    assert!(node.read(&second, Some(1)).is_ok());
    let stop = node.service.stop_card(&clerk(), card(&second).number.as_str(), None).expect("taken back");
    assert_eq!(refused(&second), CardRefused::Stopped);
    assert!(matches!(node.read(&stop, None).map(|read| read.says), Ok(CardSays::Stop(_))), "other nodes heed it");
    let third = node.issue(1, &CardSpec::default()).expect("a new card after the loss");
    assert_eq!((card(&third).issue, &card(&third).number), (3, &card(&second).number));
    assert!(node.card_events().contains(&"refused".to_owned()));
}
#[test]
fn a_card_of_a_stranger_or_of_another_patient_is_refused() {
    let node = Node::new();
    let text = node.issue(1, &CardSpec::default()).expect("issued");
    let forged = CardText::sign(&Real, &Secret::from_bytes([9; 32]), node.network, text.says.clone()).expect("signed");
    assert!(matches!(node.read(&forged, None), Err(CardDeskError::Card(CardError::Signature(_)))));
    let says =
        CardSays::Card(CardPayload { charts: vec![(facility(CLINIC), "00000003".into())], ..card(&text).clone() });
    let other = CardText::sign(&Real, &node.service.identity().node, node.network, says).expect("signed");
    assert!(matches!(node.read(&other, Some(2)), Err(CardDeskError::OtherPatient(_))));
    assert!(matches!(node.service.read_card(&clerk(), "hello", None), Err(CardDeskError::Card(CardError::Foreign))));
    assert!(matches!(node.issue(9, &CardSpec::default()), Err(CardDeskError::NoPatient(_))));
    assert!(matches!(node.service.stop_card(&clerk(), "4100", None), Err(CardDeskError::Unknown)));
    let elsewhere = CardSpec { network: Some(NetworkId([9; 32])), ..CardSpec::default() };
    assert!(matches!(node.issue(1, &elsewhere), Err(CardDeskError::Network(_))));
}
