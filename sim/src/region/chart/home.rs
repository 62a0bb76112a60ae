//! Outside of hospitals: what the pharmacy hands out and notes, what nurses and carers write down.
use super::Chart;
use crate::region::extended::{self, Paper};
use crate::region::generate::treats;
use crate::region::illness::{NURSES, PHARMACISTS};
use crate::region::message::{self, Order, Place, Prescription};
use crate::region::moment::{Moment, later};
use crate::region::registration::Registration;
use crate::region::summary::Flag;
use crate::region::tree::{Content, Slot, Storage};
use protocol::time::Date;
use std::io;

impl Chart<'_> {
    /// OMP-11 for what doctors of the same network prescribed since the patient is known here, and a history now and then.
    pub(super) fn pharmacy(&mut self, storage: &mut Storage<'_>) -> io::Result<()> {
        let (plan, source) = (self.region.plan, self.region.source);
        let giver = self.house().doctor(&PHARMACISTS);
        for at in self.known.houses.clone() {
            let doctor = &self.region.houses[at];
            if !treats(doctor.plan.class) || doctor.plan.network != self.house().plan.network {
                continue;
            }
            let since = Registration::draw(self.person, doctor, 0, plan, source).registered;
            for (count, visit) in self.encounters(at, since).visits.iter().enumerate() {
                let doses = visit.doses();
                let given = visit.at.plus_minutes(self.life.between(60, 120));
                if doses.is_empty() || given.date < self.registration.registered {
                    continue;
                }
                let number = self.number(given.date);
                let place = Place::outpatient(doctor, visit.department);
                let order =
                    Order { number: &number, at: visit.at, place: &place, letterhead: Some(&doctor.letterhead) };
                let sent = self.sent(given);
                let what = Prescription { doses: &doses };
                let text = message::dispensing(&self.desk, &order, &what, &giver, given, sent);
                let slot =
                    Slot { kind: "OMP-11", date: Some(given.date), key: &number, department: visit.department.code };
                self.once(storage, &slot, sent, text)?;
                if count % 4 == 0 {
                    let names = doses.iter().map(|(dose, _)| dose.drug.name).collect::<Vec<_>>().join("、");
                    let lines = [format!("調剤: {names}"), (*self.life.pick(COUNSEL)).to_owned()];
                    self.note(storage, extended::MEDICATION_HISTORY, sent, &giver, &lines)?;
                }
            }
        }
        Ok(())
    }
    /// Vital signs and a note at every call, a summary and a plan from time to time.
    pub(super) fn care(&mut self, storage: &mut Storage<'_>) -> io::Result<()> {
        let nurse = Place::outpatient(self.house(), &NURSES);
        let mut date = self.registration.registered;
        let mut count = 0u32;
        while date <= self.region.plan.until {
            let at = Moment::at(date, self.life.between(9 * 60, 16 * 60));
            self.vital_signs(storage, &nurse, at)?;
            let lines = [(*self.life.pick(NOTES)).to_owned(), (*self.life.pick(PLANS)).to_owned()];
            self.note(storage, extended::NURSING_NOTE, at.plus_minutes(30), &nurse.doctor, &lines)?;
            if count % 4 == 3 {
                self.summary(storage, &nurse, at.plus_minutes(60))?;
            }
            if count.is_multiple_of(8) {
                let text = [
                    "Home care plan (synthetic)".to_owned(),
                    format!("Valid from {date}"),
                    "Two calls a month".to_owned(),
                ];
                let main = ("main_document.pdf", extended::pdf(&text));
                self.content(storage, extended::CARE_PLAN, at.plus_minutes(90), Flag::Current, main)?;
            }
            date = later(date, self.life.between(14, 30) as i32);
            count += 1;
        }
        Ok(())
    }
    fn vital_signs(&mut self, storage: &mut Storage<'_>, nurse: &Place, at: Moment) -> io::Result<()> {
        let number = self.number(at.date);
        let order = Order { number: &number, at, place: nurse, letterhead: None };
        let sent = self.sent(at.plus_minutes(10));
        let text = message::vitals(&self.desk, &order, &mut self.life, sent);
        let main = ("main_document.hl7", storage.jis.encode(&text));
        self.content(storage, extended::VITALS, sent, Flag::Current, main)
    }
    fn summary(&mut self, storage: &mut Storage<'_>, nurse: &Place, at: Moment) -> io::Result<()> {
        let lines = [
            "この一か月の状態は概ね安定している。".to_owned(),
            (*self.life.pick(NOTES)).to_owned(),
            (*self.life.pick(PLANS)).to_owned(),
        ];
        let paper = Paper { loinc: "34746-8", title: "看護サマリ", at, author: &nurse.doctor, lines: &lines };
        let main = ("main_document.xml", extended::cda(&self.desk, &paper));
        self.content(storage, extended::NURSING_SUMMARY, at, Flag::Current, main)
    }
    /// A text; one in twenty was deleted again.
    fn note(
        &mut self,
        storage: &mut Storage<'_>,
        kind: &'static str,
        at: Moment,
        author: &str,
        lines: &[String],
    ) -> io::Result<()> {
        let title = if kind == extended::MEDICATION_HISTORY { "薬剤服用歴" } else { "看護記録" };
        let flag = if self.life.permille(50) { Flag::Void } else { Flag::Current };
        let paper = Paper { loinc: "28623-7", title, at, author, lines };
        let main = ("main_document.txt", extended::note(&self.desk, &paper));
        self.content(storage, kind, at, flag, main)
    }
    fn content(
        &mut self,
        storage: &mut Storage<'_>,
        kind: &'static str,
        sent: Moment,
        flag: Flag,
        main: (&'static str, Vec<u8>),
    ) -> io::Result<()> {
        let date: Date = sent.date;
        let key = self.number(date);
        storage.content(self.patient(), &Content { kind, date, key: &key, sent, department: "-", flag, main })
    }
}

const COUNSEL: &[&str] = &[
    "残薬なし。服薬状況は良好。",
    "飲み忘れが週に１回ほど。一包化を提案した。",
    "ふらつきの訴えあり。起立時に注意するよう説明した。",
    "他院の処方との重複なし。お薬手帳を確認した。",
];
const NOTES: &[&str] = &[
    "食事は８割ほど摂取。水分も取れている。",
    "歩行は杖で安定。室内の段差で一度つまずいた。",
    "睡眠は良好。日中の活動も保たれている。",
    "両下腿に軽度の浮腫あり。体重の増加はない。",
    "服薬カレンダーに２回分の残りがあった。",
    "家族の介護疲れの訴えがあり、短期入所を相談した。",
];
const PLANS: &[&str] = &[
    "次回も血圧と体重の変化を確認する。",
    "主治医に報告し、指示を確認する。",
    "ケアマネジャーと手すりの設置を検討する。",
    "水分摂取を促し、脱水に注意する。",
];
