//! The chart itself: numbers its orders and lets some of them be changed or taken back.
use crate::region::encounters::{self, Encounters};
use crate::region::generate::{Known, Region};
use crate::region::house::House;
use crate::region::illness::Ailment;
use crate::region::message::{Control, Desk, Order};
use crate::region::moment::Moment;
use crate::region::people::Person;
use crate::region::registration::Registration;
use crate::region::stream::Stream;
use crate::region::tree::{Ending, Slot, Storage, Version};
use protocol::kinds::FacilityClass;
use protocol::time::Date;
use std::io;

/// One patient at one facility.
pub(crate) struct Chart<'a> {
    pub(super) region: &'a Region<'a>,
    pub(super) at: usize,
    pub(super) person: &'a Person,
    pub(super) known: &'a Known,
    pub(super) registration: &'a Registration,
    pub(super) desk: Desk<'a>,
    pub(super) life: Stream,
    serial: u32,
}

/// What became of an order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Once,
    Replaced,
    Cancelled,
}

impl<'a> Chart<'a> {
    pub(crate) fn new(
        region: &'a Region<'a>,
        at: usize,
        person: &'a Person,
        known: &'a Known,
        registration: &'a Registration,
    ) -> Self {
        let house = &region.houses[at];
        let life = region.source.stream("chart", house.id(), u64::from(person.number));
        Self { region, at, person, known, registration, desk: Desk::new(house, person, registration), life, serial: 0 }
    }
    /// Writes all of it.
    pub(crate) fn write(mut self, storage: &mut Storage<'_>) -> io::Result<()> {
        self.demographics(storage)?;
        match self.house().plan.class {
            FacilityClass::Hospital | FacilityClass::Clinic | FacilityClass::Dental => {
                self.allergies(storage)?;
                let encounters = self.encounters(self.at, self.registration.registered);
                self.problems(storage, &encounters)?;
                for visit in &encounters.visits {
                    self.visit(storage, visit)?;
                }
                for stay in &encounters.stays {
                    self.stay(storage, stay)?;
                }
                self.wards(storage, &encounters.stays)
            }
            FacilityClass::Lab | FacilityClass::Checkup => {
                let encounters = self.encounters(self.at, self.registration.registered);
                encounters.visits.iter().try_for_each(|visit| self.check(storage, visit))
            }
            FacilityClass::Pharmacy => {
                self.allergies(storage)?;
                self.pharmacy(storage)
            }
            FacilityClass::Care | FacilityClass::VisitingNursing => self.care(storage),
            FacilityClass::Fire | FacilityClass::Municipal => Ok(()),
        }
    }
    pub(super) fn house(&self) -> &'a House<'a> {
        &self.region.houses[self.at]
    }
    pub(super) fn patient(&self) -> &'a str {
        &self.registration.number
    }
    /// The ailments that the house at `at` treats.
    pub(super) fn treated(&self, at: usize) -> Vec<&'a Ailment> {
        let person: &'a Person = self.person;
        let by = |(_, treating): &(&'a Ailment, &Option<usize>)| **treating == Some(at);
        person.ailments.iter().zip(&self.known.treated_at).filter(by).map(|(ailment, _)| ailment).collect()
    }
    /// What brings the patient to the house at `at`, which knows her since `registered`.
    pub(super) fn encounters(&self, at: usize, registered: Date) -> Encounters<'a> {
        let house = &self.region.houses[at];
        encounters::draw(self.person, house, &self.treated(at), registered, self.region.plan, self.region.source)
    }
    /// The next order number: fifteen digits, the first of them zero.
    pub(super) fn number(&mut self, date: Date) -> String {
        self.serial += 1;
        format!("0{:06}{:05}{:03}", date.number() % 1_000_000, self.person.number % 100_000, self.serial % 1000)
    }
    /// A moment shortly after, when the system sent what was keyed in.
    pub(super) fn sent(&mut self, at: Moment) -> Moment {
        at.plus_ms(u64::from(self.life.between(1_000, 240_000)))
    }
    /// Writes content that never changes.
    pub(super) fn once(
        &mut self,
        storage: &mut Storage<'_>,
        slot: &Slot<'_>,
        sent: Moment,
        text: String,
    ) -> io::Result<()> {
        storage.settle(self.patient(), slot, &[Version { sent, text }], Ending::Current)
    }
    /// Writes an order with its fate; `make` is called for each version with its round (0, 1).
    pub(super) fn order(
        &mut self,
        storage: &mut Storage<'_>,
        kind: &'static str,
        order: &Order<'_>,
        make: impl Fn(&Desk<'_>, &Order<'_>, (Control, u32), Moment) -> String,
    ) -> io::Result<Fate> {
        let fate = match self.life.below(100) {
            0..=2 => Fate::Cancelled,
            3..=8 => Fate::Replaced,
            _ => Fate::Once,
        };
        let slot = Slot { kind, date: Some(order.at.date), key: order.number, department: order.place.department.code };
        let sent = self.sent(order.at);
        let mut versions = vec![Version { sent, text: make(&self.desk, order, (Control::New, 0), sent) }];
        let change = match fate {
            Fate::Once => None,
            Fate::Replaced => Some((self.life.between(5, 60), Control::New)),
            Fate::Cancelled => Some((self.life.between(60, 1500), Control::Cancel)),
        };
        if let Some((minutes, control)) = change {
            let changed = Order { at: order.at.plus_minutes(minutes), ..*order };
            let sent = sent.plus_minutes(minutes);
            versions.push(Version { sent, text: make(&self.desk, &changed, (control, 1), sent) });
        }
        let ending = if fate == Fate::Cancelled { Ending::Deleted } else { Ending::Current };
        storage.settle(self.patient(), &slot, &versions, ending)?;
        Ok(fate)
    }
}
