//! What has no date: the patient herself, her allergies, her diagnoses. Each new state replaces the former.
use super::Chart;
use crate::region::encounters::Encounters;
use crate::region::illness::{self, Ailment};
use crate::region::message::{self, Demographics, Order, Place};
use crate::region::moment::{Moment, later};
use crate::region::tree::{Ending, KEYLESS, Slot, Storage, Version};
use protocol::kinds::FacilityClass;
use std::io;

impl Chart<'_> {
    /// ADT-00: once, or before and after a move.
    pub(super) fn demographics(&mut self, storage: &mut Storage<'_>) -> io::Result<()> {
        let class = self.house().plan.class;
        let measured = matches!(class, FacilityClass::Hospital | FacilityClass::Clinic);
        let department = Place::outpatient(self.house(), &illness::INTERNAL);
        let mut at = Moment::at(self.registration.registered, self.life.between(500, 700));
        let addresses = [self.registration.former_address.as_ref(), self.registration.address.as_ref()];
        let first = usize::from(addresses[0].is_none());
        let mut versions = Vec::new();
        for address in &addresses[first..] {
            let state = Demographics { address: *address, department: &department, measured };
            let sent = self.sent(at);
            versions.push(Version { sent, text: message::demographics(&self.desk, &state, at, sent) });
            at = Moment::at(later(at.date, self.life.between(20, 60) as i32), 600);
        }
        let slot = Slot { kind: "ADT-00", date: None, key: KEYLESS, department: "-" };
        storage.settle(self.patient(), &slot, &versions, Ending::Current)
    }
    /// ADT-61, for those who have any.
    pub(super) fn allergies(&mut self, storage: &mut Storage<'_>) -> io::Result<()> {
        if self.person.allergies.is_empty() {
            return Ok(());
        }
        let at = Moment::at(self.registration.registered, self.life.between(710, 760));
        let sent = self.sent(at);
        let slot = Slot { kind: "ADT-61", date: None, key: KEYLESS, department: "-" };
        self.once(storage, &slot, sent, message::allergies(&self.desk, at, sent))
    }
    /// PPR-01: a version for each diagnosis that came while the patient was known here.
    pub(super) fn problems(&mut self, storage: &mut Storage<'_>, encounters: &Encounters<'_>) -> io::Result<()> {
        let treated = self.treated(self.at);
        let passing: Vec<Ailment> = encounters
            .visits
            .iter()
            .filter_map(|visit| visit.acute.map(|illness| Ailment { illness, onset: visit.at.date, severity: 50 }))
            .take(1)
            .collect();
        let mut all: Vec<&Ailment> = treated.iter().copied().chain(&passing).collect();
        all.sort_by_key(|ailment| ailment.onset);
        let registered = self.registration.registered;
        let start = all.iter().filter(|ailment| ailment.onset <= registered).count().max(1);
        let suspected = self.life.permille(80).then_some("起立性低血圧");
        let mut versions: Vec<Version> = Vec::new();
        let mut department = &illness::INTERNAL;
        for count in start..=all.len() {
            let newest = all[..count].iter().map(|ailment| ailment.onset).max().unwrap_or(registered).max(registered);
            if newest > self.region.plan.until {
                break;
            }
            department = all[0].illness.department;
            let place = Place::outpatient(self.house(), department);
            let at = Moment::at(newest, 650 + count as u32);
            let number = self.number(newest);
            let order = Order { number: &number, at, place: &place, letterhead: None };
            let sent = self.sent(at);
            let suspected = suspected.filter(|_| count == all.len());
            versions
                .push(Version { sent, text: message::problems(&self.desk, &order, &all[..count], suspected, sent) });
        }
        let slot = Slot { kind: "PPR-01", date: None, key: KEYLESS, department: department.code };
        storage.settle(self.patient(), &slot, &versions, Ending::Current)
    }
}
