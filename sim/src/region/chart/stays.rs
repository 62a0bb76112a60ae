//! Stays: admission, meals, drips, drugs given, blood, discharge, and the letters that follow.
use super::Chart;
use crate::region::drugs::Dose;
use crate::region::encounters::Stay;
use crate::region::extended::{self, Paper};
use crate::region::illness::{Illness, PHARMACISTS, PNEUMONIA};
use crate::region::labs::{self, Item};
use crate::region::message::{self, Drip, Movement, Order, Place, Prescription};
use crate::region::moment::{Moment, compact, later};
use crate::region::summary::Flag;
use crate::region::tree::{Content, Ending, KEYLESS, Slot, Storage, Version};
use std::io;

impl Stay<'_> {
    /// The `day`-th day at `minute`, if the patient is still there.
    pub(super) fn day(&self, day: i32, minute: u32) -> Option<Moment> {
        let at = Moment::at(later(self.from.date, day), minute);
        (self.from < at && at < self.to).then_some(at)
    }
}

impl Chart<'_> {
    pub(super) fn stay(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>) -> io::Result<()> {
        let place = Place::ward(self.house(), stay.reason.department, self.person.number);
        self.admission(storage, stay, &place)?;
        self.meals(storage, stay, &place)?;
        self.drips(storage, stay, &place)?;
        self.drugs(storage, stay, &place)?;
        self.tests(storage, stay, &place)?;
        let (at, sent) = (stay.to, self.sent(stay.to));
        let slot = movement_slot("ADT-52", &place, at);
        let text = message::movement(&self.desk, &place, Movement::Discharge(stay.from), at, sent);
        self.once(storage, &slot, sent, text)?;
        self.letters(storage, stay, &place)
    }
    /// ADT-22; one in twelve first under a wrong date, which was then taken back.
    fn admission(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        let sent = self.sent(stay.from);
        if self.life.permille(80) {
            let wrong = Moment::at(later(stay.from.date, 1), 14 * 60);
            let taken_back = sent.plus_minutes(22);
            let versions = [(Movement::Admission, sent), (Movement::AdmissionCancelled, taken_back)]
                .map(|(what, sent)| Version { sent, text: message::movement(&self.desk, place, what, wrong, sent) });
            storage.settle(self.patient(), &movement_slot("ADT-22", place, wrong), &versions, Ending::Deleted)?;
        }
        let sent = sent.plus_minutes(25);
        let text = message::movement(&self.desk, place, Movement::Admission, stay.from, sent);
        self.once(storage, &movement_slot("ADT-22", place, stay.from), sent, text)
    }
    /// OMD: a soft diet at first, then an ordinary one.
    fn meals(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        for (day, minute, diet) in [(0, 14 * 60 + 20, "012^五分粥^99XY3"), (3, 10 * 60, "001^常食^99XY3")] {
            let Some(at) = stay.day(day, minute) else { continue };
            let number = self.number(at.date);
            let order = Order { number: &number, at, place, letterhead: None };
            self.order(storage, "OMD", &order, |desk, order, (control, _), sent| {
                message::meals(desk, order, diet, control, sent)
            })?;
        }
        Ok(())
    }
    /// OMP-02: a drip a day, five days at most.
    fn drips(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        let what = match stay.reason.icd10 {
            "J189" => Drip::Antibiotic,
            "I509" => Drip::Diuretic,
            _ => Drip::Maintenance,
        };
        for day in 0..5 {
            let Some(at) = stay.day(day, 15 * 60) else { break };
            let number = self.number(at.date);
            let order = Order { number: &number, at, place, letterhead: None };
            self.order(storage, "OMP-02", &order, |desk, order, (control, _), sent| {
                message::drip(desk, order, what, control, sent)
            })?;
        }
        Ok(())
    }
    /// OMP-01 on the second day and what the ward gave of it (OMP-11), every fourth day.
    fn drugs(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        let doses = stay.ailments.iter().flat_map(|ailment| ailment.doses(stay.from.date));
        let doses: Vec<(&'static Dose, u32)> = doses.map(|dose| (dose, 7)).collect();
        let Some(at) = stay.day(1, 10 * 60).filter(|_| !doses.is_empty()) else { return Ok(()) };
        self.prescribe(storage, place, at, &doses)?;
        let giver = self.house().doctor(&PHARMACISTS);
        for day in (2..).step_by(4) {
            let Some(given) = stay.day(day, 8 * 60 + 30) else { break };
            let number = self.number(given.date);
            let order = Order { number: &number, at, place, letterhead: None };
            let sent = self.sent(given);
            let what = Prescription { doses: &doses };
            let text = message::dispensing(&self.desk, &order, &what, &giver, given, sent);
            let slot = Slot { kind: "OMP-11", date: Some(given.date), key: &number, department: place.department.code };
            self.once(storage, &slot, sent, text)?;
        }
        Ok(())
    }
    /// Blood on admission and every fourth day, a film of the chest where the illness asks for one.
    fn tests(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        let own = stay.reason.items.iter();
        let items: Vec<&'static Item> =
            labs::BASIC.iter().chain(labs::COUNT).chain(labs::WARD).chain(own).copied().collect();
        for (round, strength) in [100, 45, 15, 5].into_iter().enumerate() {
            let minute = if round == 0 { 14 * 60 + 30 } else { 7 * 60 };
            let Some(at) = stay.day(round as i32 * 4, minute) else { break };
            self.blood(storage, place, at, &items, acute(stay.reason, strength))?;
        }
        match (stay.reason.exam, stay.day(0, 14 * 60 + 40)) {
            (Some(exam), Some(at)) => self.examine(storage, place, at, exam),
            _ => Ok(()),
        }
    }
    /// The discharge summary, replaced once in five times; a referral for two of five.
    fn letters(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        let at = Moment::at(later(stay.to.date, 1), 17 * 60);
        let lines = [
            format!("入院日: {} 退院日: {}", stay.from.date, stay.to.date),
            format!("主病名: {}（ICD-10: {}）", stay.reason.name, stay.reason.icd10),
            "経過: 入院後、補液と内服調整を行い、全身状態は改善した。".to_owned(),
            "退院時処方: 持参薬を継続。次回外来で採血を予定する。".to_owned(),
        ];
        let paper = Paper { loinc: "18842-5", title: "退院時サマリ", at, author: &place.doctor, lines: &lines };
        let number = self.number(stay.to.date);
        let replaced = self.life.permille(200);
        let content = |sent: Moment, flag: Flag, main: (&'static str, Vec<u8>), kind: &'static str| Content {
            kind,
            date: stay.to.date,
            key: &number,
            sent,
            department: place.department.code,
            flag,
            main,
        };
        let document = extended::cda(&self.desk, &paper);
        if replaced {
            let first = content(at, Flag::Past, ("main_document.xml", document.clone()), extended::DISCHARGE_SUMMARY);
            storage.content(self.patient(), &first)?;
        }
        let sent = at.plus_minutes(if replaced { 1600 } else { 1 });
        let last = content(sent, Flag::Current, ("main_document.xml", document), extended::DISCHARGE_SUMMARY);
        storage.content(self.patient(), &last)?;
        if self.life.permille(400) {
            let text = [
                "Referral letter (synthetic)".to_owned(),
                format!("Stay: {} to {}", compact(stay.from.date), compact(stay.to.date)),
                format!("Main diagnosis ICD-10: {}", stay.reason.icd10),
            ];
            let letter = content(at, Flag::Current, ("main_document.pdf", extended::pdf(&text)), extended::REFERRAL);
            storage.content(self.patient(), &letter)?;
        }
        Ok(())
    }
}

fn movement_slot<'s>(kind: &'static str, place: &'s Place, at: Moment) -> Slot<'s> {
    Slot { kind, date: Some(at.date), key: KEYLESS, department: place.department.code }
}
/// Only what passes moves the values of a stay; chronic illness moves them anyway.
fn acute(reason: &'static Illness, strength: i32) -> Option<(&'static Illness, i32)> {
    std::ptr::eq(reason, &PNEUMONIA).then_some((reason, strength))
}
