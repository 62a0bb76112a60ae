//! The desk that messages are written at: header, patient, place and order segments that all families share.
use crate::region::house::House;
use crate::region::illness::Department;
use crate::region::moment::{Moment, compact};
use crate::region::people::{Person, Sex};
use crate::region::places::Address;
use crate::region::registration::Registration;

/// A message under way.
pub(crate) struct Message(String);

impl Message {
    /// Appends a segment; fields by number, ascending, empty ones left out. Texts are written as they are: delimiters count.
    pub(crate) fn segment(&mut self, name: &str, fields: &[(usize, &str)]) {
        self.0.push_str(name);
        let mut at = 0;
        for (number, text) in fields {
            debug_assert!(*number > at, "{name}-{number} out of order");
            if text.is_empty() {
                continue;
            }
            for _ in at..*number {
                self.0.push('|');
            }
            at = *number;
            self.0.push_str(text);
        }
        self.0.push('\r');
    }
    /// Where the patient is or was: PV1, with further fields from number 17 on.
    pub(crate) fn place(&mut self, place: &Place, further: &[(usize, &str)]) {
        let class = if place.inpatient { "I" } else { "O" };
        let mut fields = vec![(1, "0001"), (2, class), (3, place.location.as_str()), (7, &place.doctor)];
        fields.push((10, place.department.code));
        fields.extend(further);
        self.segment("PV1", &fields);
    }
    /// ORC of an order; `group` is ORC-4, `parent` ORC-8.
    pub(crate) fn order(&mut self, order: &Order<'_>, control: &str, group: &str, parent: &str) {
        let place = order.place;
        let department = format!("{}^{}^HL70069", place.department.code, place.department.name);
        let class = if place.inpatient { "I^入院患者オーダ^HL70482" } else { "O^外来患者オーダ^HL70482" };
        let (at, status) = (order.at.second(), if control == "SC" { "CM" } else { "" });
        let fields =
            [(1, control), (2, order.number), (4, group), (5, status), (8, parent), (9, &at), (12, &place.doctor)];
        let mut fields = fields.to_vec();
        fields.extend([(13, place.location.as_str()), (17, &department)]);
        if let Some(letterhead) = order.letterhead {
            fields.extend([(21, letterhead[0].as_str()), (22, &letterhead[1]), (23, &letterhead[2])]);
        }
        fields.push((29, class));
        self.segment("ORC", &fields);
    }
    /// The whole text.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// Where a patient is seen, and by whom.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) inpatient: bool,
    /// PL: department, or ward, room and bed.
    pub(crate) location: String,
    pub(crate) department: &'static Department,
    /// XCN.
    pub(crate) doctor: String,
}

impl Place {
    pub(crate) fn outpatient(house: &House<'_>, department: &'static Department) -> Self {
        let location = format!("{}^^^^^C", department.code);
        Self { inpatient: false, location, department, doctor: house.doctor(department) }
    }
    /// The bed follows from the patient's number.
    pub(crate) fn ward(house: &House<'_>, department: &'static Department, number: u32) -> Self {
        let side = if number.is_multiple_of(2) { "E" } else { "W" };
        let location =
            format!("{}{side}^{}{:02}^{:02}^^^N", 3 + number % 4, 3 + number % 4, 1 + number % 18, 1 + number % 4);
        Self { inpatient: true, location, department, doctor: house.doctor(department) }
    }
}

/// One order.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) number: &'a str,
    /// ORC-9.
    pub(crate) at: Moment,
    pub(crate) place: &'a Place,
    /// Name, address and telephone of the house, where the family carries them.
    pub(crate) letterhead: Option<&'a [String; 3]>,
}

/// ORC-1 of a drug or examination order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    New,
    Cancel,
}

impl Control {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::New => "NW",
            Self::Cancel => "CA",
        }
    }
}

/// One patient at one facility, ready to be written about.
pub(crate) struct Desk<'a> {
    pub(crate) house: &'a House<'a>,
    pub(crate) person: &'a Person,
    pub(crate) registration: &'a Registration,
    /// PID-3 to PID-8.
    core: [String; 4],
}

impl<'a> Desk<'a> {
    pub(crate) fn new(house: &'a House<'a>, person: &'a Person, registration: &'a Registration) -> Self {
        let authority =
            if house.with_authority { format!("&{}&ISO", house.plan.authority.as_str()) } else { String::new() };
        let [family_kana, given_kana] = registration.stored_kana(house);
        let mut names = Vec::new();
        if !registration.family.is_empty() {
            names.push(format!("{}^{}^^^^^L^I", registration.family, registration.given));
        }
        if !family_kana.is_empty() {
            names.push(format!("{family_kana}^{given_kana}^^^^^L^P"));
        }
        let core = [
            format!("{}^^^{authority}^PI", registration.number),
            names.join("~"),
            registration.birth.map(compact).unwrap_or_default(),
            registration.sex.map_or("U", Sex::code).to_owned(),
        ];
        Self { house, person, registration, core }
    }
    /// MSH and PID (and EVN, if the family has one) of a message that was sent at `sent`.
    pub(crate) fn begin(&self, family: &str, sent: Moment, event: Option<Moment>) -> Message {
        let mut message = self.header(family, sent, event);
        self.patient(&mut message, None, "");
        message
    }
    /// As [`Self::begin`], with address and telephone.
    pub(crate) fn begin_in_full(&self, family: &str, sent: Moment) -> Message {
        let mut message = self.header(family, sent, None);
        self.patient(&mut message, self.registration.address.as_ref(), "");
        message
    }
    /// MSH and EVN.
    pub(crate) fn header(&self, family: &str, sent: Moment, event: Option<Moment>) -> Message {
        let mut message = Message(String::with_capacity(1024));
        let id = &self.registration.number;
        let control = format!("{}{}", sent.milli(), &id[id.len().saturating_sub(3)..]);
        // MSH-1 is the separator itself, so that field n stands after n - 1 separators.
        message.segment(
            "MSH",
            &[
                (1, "^~\\&"),
                (2, self.house.system),
                (3, self.house.id()),
                (4, "GW"),
                (5, "RCV"),
                (6, &sent.msh7()),
                (8, family),
                (9, &control),
                (10, "P"),
                (11, "2.5"),
                (17, "~ISO IR87"),
                (19, "ISO 2022-1994"),
                (20, "SS-MIX2_1.20^SS-MIX2^1.2.392.200250.2.1.100.1.2.120^ISO"),
            ],
        );
        if let Some(event) = event {
            message.segment("EVN", &[(2, &event.second()), (7, self.house.id())]);
        }
        message
    }
    /// PID; `updated` is PID-33.
    pub(crate) fn patient(&self, message: &mut Message, address: Option<&Address>, updated: &str) {
        let [number, names, birth, sex] = &self.core;
        let mut fields: Vec<(usize, &str)> = vec![(1, "0001"), (3, number), (5, names), (7, birth), (8, sex)];
        let (home, phone);
        if let Some(address) = address {
            home = format!("^^^^{}^JPN^H^{}", self.registration.postcode(self.house), address.text(self.house.address));
            fields.push((11, &home));
            if !self.registration.phone.is_empty() {
                phone = format!("^PRN^PH^^^^^^^^^{}", self.registration.phone(self.house));
                fields.push((13, &phone));
            }
        }
        if !updated.is_empty() {
            fields.push((33, updated));
        }
        message.segment("PID", &fields);
    }
}
