//! Outpatient visits: reception, prescription, blood, examinations.
use super::Chart;
use super::sheet::Fate;
use crate::region::drugs::Dose;
use crate::region::encounters::Visit;
use crate::region::illness::{Exam, Illness};
use crate::region::labs::{self, Item};
use crate::region::message::{self, Film, Movement, Order, Place, Prescription, Values};
use crate::region::moment::Moment;
use crate::region::tree::{Ending, Slot, Storage, Version};
use std::io;

impl Visit<'_> {
    /// What is prescribed, each drug once, and for how many days.
    pub(super) fn doses(&self) -> Vec<(&'static Dose, u32)> {
        let chronic = self.ailments.iter().map(|ailment| ailment.illness.interval).min().unwrap_or(0);
        let chronic = self.ailments.iter().flat_map(|ailment| ailment.doses(self.at.date)).map(|dose| (dose, chronic));
        let acute = self.acute.iter().flat_map(|illness| illness.drugs.iter().map(|(_, dose)| (dose, ACUTE_DAYS)));
        let mut doses: Vec<(&'static Dose, u32)> = Vec::new();
        for (dose, days) in chronic.chain(acute) {
            if !doses.iter().any(|(known, _)| std::ptr::eq(known.drug, dose.drug)) {
                doses.push((dose, days));
            }
        }
        doses
    }
    fn items(&self) -> Vec<&'static Item> {
        let own = self.ailments.iter().map(|ailment| ailment.illness).chain(self.acute);
        let own = own.flat_map(|illness| illness.items.iter().copied());
        labs::BASIC.iter().chain(labs::COUNT).copied().chain(own).collect()
    }
}

impl Chart<'_> {
    pub(super) fn visit(&mut self, storage: &mut Storage<'_>, visit: &Visit<'_>) -> io::Result<()> {
        let place = Place::outpatient(self.house(), visit.department);
        let number = self.number(visit.at.date);
        let sent = self.sent(visit.at);
        let slot = Slot { kind: "ADT-12", date: Some(visit.at.date), key: &number, department: visit.department.code };
        let reception = message::movement(&self.desk, &place, Movement::Reception, visit.at, sent);
        self.once(storage, &slot, sent, reception)?;

        let doses = visit.doses();
        if !doses.is_empty() {
            self.prescribe(storage, &place, visit.at.plus_minutes(25), &doses)?;
        }
        if visit.blood {
            self.blood(storage, &place, visit.at.plus_minutes(12), &visit.items(), None)?;
        }
        if let Some(exam) = visit.ailments.iter().find_map(|ailment| ailment.illness.exam).filter(|_| visit.exam) {
            self.examine(storage, &place, visit.at.plus_minutes(15), exam)?;
        }
        Ok(())
    }
    /// A visit to a laboratory or a check-up: blood, nothing else.
    pub(super) fn check(&mut self, storage: &mut Storage<'_>, visit: &Visit<'_>) -> io::Result<()> {
        let place = Place::outpatient(self.house(), visit.department);
        self.blood(storage, &place, visit.at, &visit.items(), None)
    }
    /// OMP-01.
    pub(super) fn prescribe(
        &mut self,
        storage: &mut Storage<'_>,
        place: &Place,
        at: Moment,
        doses: &[(&'static Dose, u32)],
    ) -> io::Result<()> {
        let number = self.number(at.date);
        let order = Order { number: &number, at, place, letterhead: Some(&self.house().letterhead) };
        self.order(storage, "OMP-01", &order, |desk, order, (control, round), sent| {
            // The replacement gives a week more.
            let doses: Vec<_> = doses.iter().map(|(dose, days)| (*dose, days + 7 * round)).collect();
            message::prescription(desk, order, &Prescription { doses: &doses }, control, sent)
        })?;
        Ok(())
    }
    /// OML-01 and, unless it was taken back, OML-11; one in ten after an intermediate report.
    pub(super) fn blood(
        &mut self,
        storage: &mut Storage<'_>,
        place: &Place,
        at: Moment,
        items: &[&'static Item],
        acute: Option<(&Illness, i32)>,
    ) -> io::Result<()> {
        let number = self.number(at.date);
        let order = Order { number: &number, at, place, letterhead: None };
        let values = Values::draw(&self.desk, items, acute, at.date, self.region.source, &mut self.life);
        let fate = self.order(storage, "OML-01", &order, |desk, order, (control, _), sent| {
            message::lab_order(desk, order, &values, control, sent)
        })?;
        if fate == Fate::Cancelled {
            return Ok(());
        }
        let sent = self.sent(at.plus_minutes(130));
        let mut reports = vec![("F", sent)];
        if self.life.permille(100) {
            reports = vec![("P", sent), ("F", sent.plus_minutes(45))];
        }
        let version =
            |(status, sent)| Version { sent, text: message::lab_result(&self.desk, &order, &values, status, sent) };
        let versions: Vec<Version> = reports.into_iter().map(version).collect();
        let slot = Slot { kind: "OML-11", date: Some(at.date), key: &number, department: place.department.code };
        storage.settle(self.patient(), &slot, &versions, Ending::Current)
    }
    /// An electrocardiogram (OMG-03, OMG-13) or a film (OMG-01, OMG-11).
    pub(super) fn examine(
        &mut self,
        storage: &mut Storage<'_>,
        place: &Place,
        at: Moment,
        exam: Exam,
    ) -> io::Result<()> {
        let number = self.number(at.date);
        let order = Order { number: &number, at, place, letterhead: None };
        let film = Film::of(exam);
        let kind = if film.is_some() { "OMG-01" } else { "OMG-03" };
        let fate = self.order(storage, kind, &order, |desk, order, (control, _), sent| match &film {
            Some(film) => message::film_order(desk, order, film, control, sent),
            None => message::electrocardiogram_order(desk, order, control, sent),
        })?;
        if fate == Fate::Cancelled {
            return Ok(());
        }
        let made = at.plus_minutes(self.life.between(30, 80));
        let (kind, sent, text) = match &film {
            Some(film) => {
                let sent = self.sent(made.plus_minutes(6));
                ("OMG-11", sent, message::film_done(&self.desk, &order, film, made, sent))
            }
            None => {
                let (finding, rate) = (*self.life.pick(FINDINGS), self.life.between(54, 96));
                let sent = made.plus_minutes(25);
                ("OMG-13", sent, message::electrocardiogram(&self.desk, &order, finding, rate, made))
            }
        };
        let slot = Slot { kind, date: Some(made.date), key: &number, department: place.department.code };
        self.once(storage, &slot, sent, text)
    }
}

/// For how long something that passes is treated.
const ACUTE_DAYS: u32 = 5;
/// Electrocardiogram findings.
const FINDINGS: &[&str] =
    &["正常範囲", "心房細動", "左室肥大の疑い", "完全右脚ブロック", "ＳＴ−Ｔ変化（軽度）", "洞性徐脈"];
