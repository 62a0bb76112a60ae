//! The rest of a stay: beds, infusions given, endoscopies, cultures, signed papers. Written after everything else and from a
//! stream of its own, so that a plan of earlier versions gives the same files beside them.
use super::Chart;
use crate::region::encounters::Stay;
use crate::region::illness::{INTERNAL, NURSES, PNEUMONIA};
use crate::region::message::{self, Bed, BedEvent, Order, Place};
use crate::region::moment::{Moment, later};
use crate::region::summary::Flag;
use crate::region::tree::{Content, Ending, KEYLESS, Layout, Slot, Storage, Version};
use std::io;

impl Chart<'_> {
    /// The kinds that only a stay has, for all stays of the patient.
    pub(super) fn wards(&mut self, storage: &mut Storage<'_>, stays: &[Stay<'_>]) -> io::Result<()> {
        if stays.is_empty() {
            return Ok(());
        }
        self.life = self.region.source.stream("wards", self.house().id(), u64::from(self.person.number));
        std::mem::swap(&mut storage.chance, &mut storage.further);
        let written = self.all_wards(storage, stays);
        std::mem::swap(&mut storage.chance, &mut storage.further);
        written
    }
    fn all_wards(&mut self, storage: &mut Storage<'_>, stays: &[Stay<'_>]) -> io::Result<()> {
        self.doctors(storage, stays)?;
        for stay in stays {
            let place = Place::ward(self.house(), stay.reason.department, self.person.number);
            self.beds(storage, stay, &place)?;
            self.infusions(storage, stay, &place)?;
            if self.life.permille(400) {
                self.endoscopy(storage, stay, &place)?;
            }
            if std::ptr::eq(stay.reason, &PNEUMONIA) {
                self.sputum(storage, stay, &place)?;
            }
            self.consent(storage, stay, &place)?;
        }
        Ok(())
    }
    /// ADT-01: the doctor of the newest stay, and those before.
    fn doctors(&mut self, storage: &mut Storage<'_>, stays: &[Stay<'_>]) -> io::Result<()> {
        let mut versions = Vec::new();
        for stay in stays {
            let place = Place::ward(self.house(), stay.reason.department, self.person.number);
            let bed = Bed { event: BedEvent::Doctor, place: &place, other: None, admitted: stay.from, at: stay.from };
            let sent = self.sent(stay.from);
            versions.push(Version { sent, text: message::bed(&self.desk, &bed, sent) });
        }
        let slot = Slot { kind: "ADT-01", date: None, key: KEYLESS, department: "-" };
        storage.settle(self.patient(), &slot, &versions, Ending::Current)
    }
    /// Planned admission, a move, a night at home, planned discharge, as far as the stay is long enough.
    fn beds(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        let next = Place::ward(self.house(), &INTERNAL, self.person.number + 1);
        let planned = Moment::at(later(stay.from.date, -3), 11 * 60);
        self.bed(storage, stay, "ADT-21", (BedEvent::AdmissionPlanned, stay.from), (planned, place, None))?;
        let mut here = place;
        if let (Some(asked), Some(moved)) = (stay.day(2, 10 * 60), stay.day(3, 13 * 60)) {
            self.bed(storage, stay, "ADT-41", (BedEvent::MovePlanned, moved), (asked, place, Some(&next)))?;
            self.bed(storage, stay, "ADT-42", (BedEvent::Moved, moved), (moved, &next, Some(place)))?;
            here = &next;
        }
        if let (Some(out), Some(back)) = (stay.day(5, 9 * 60), stay.day(6, 17 * 60)) {
            self.bed(storage, stay, "ADT-31", (BedEvent::Leave(back), out), (out, here, None))?;
            self.bed(storage, stay, "ADT-32", (BedEvent::Return, back), (back, here, None))?;
        }
        let told = Moment::at(later(stay.to.date, -1), 15 * 60);
        self.bed(storage, stay, "ADT-51", (BedEvent::DischargePlanned, stay.to), (told, here, None))
    }
    /// One event at its moment, known since another, at a place and from or to another.
    fn bed(
        &mut self,
        storage: &mut Storage<'_>,
        stay: &Stay<'_>,
        kind: &'static str,
        (event, at): (BedEvent, Moment),
        (known, place, other): (Moment, &Place, Option<&Place>),
    ) -> io::Result<()> {
        let sent = self.sent(known);
        let bed = Bed { event, place, other, admitted: stay.from, at };
        let slot = Slot { kind, date: Some(at.date), key: KEYLESS, department: place.department.code };
        let text = message::bed(&self.desk, &bed, sent);
        self.once(storage, &slot, sent, text)
    }
    /// OMP-12: what was given on the first two days.
    fn infusions(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        let giver = self.house().doctor(&NURSES);
        for day in 0..2 {
            let Some(at) = stay.day(day, 17 * 60) else { break };
            let number = self.number(at.date);
            let order = Order { number: &number, at, place, letterhead: None };
            let hours = (at, at.plus_minutes(60));
            let sent = self.sent(hours.1);
            let text = message::infusion_given(&self.desk, &order, &giver, hours, sent);
            let slot = Slot { kind: "OMP-12", date: Some(at.date), key: &number, department: place.department.code };
            self.once(storage, &slot, sent, text)?;
        }
        Ok(())
    }
    /// OMG-02 and OMG-12.
    fn endoscopy(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        let Some(at) = stay.day(1, 9 * 60) else { return Ok(()) };
        let number = self.number(at.date);
        let order = Order { number: &number, at, place, letterhead: None };
        let fate = self.order(storage, "OMG-02", &order, |desk, order, (control, _), sent| {
            message::endoscopy_order(desk, order, control, sent)
        })?;
        if fate == super::sheet::Fate::Cancelled {
            return Ok(());
        }
        let made = at.plus_minutes(90);
        let sent = self.sent(made.plus_minutes(20));
        let text = message::endoscopy_done(&self.desk, &order, made, sent);
        let slot = Slot { kind: "OMG-12", date: Some(made.date), key: &number, department: place.department.code };
        self.once(storage, &slot, sent, text)
    }
    /// OML-11 of a culture.
    fn sputum(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        let Some(at) = stay.day(0, 18 * 60) else { return Ok(()) };
        let number = self.number(at.date);
        let order = Order { number: &number, at, place, letterhead: None };
        let sent = self.sent(at.plus_minutes(3 * 1440));
        let text = message::culture(&self.desk, &order, sent);
        let slot = Slot { kind: "OML-11", date: Some(at.date), key: &number, department: place.department.code };
        self.once(storage, &slot, sent, text)
    }
    /// A signed form, scanned into the old layout, and pictures in a content folder of their own.
    fn consent(&mut self, storage: &mut Storage<'_>, stay: &Stay<'_>, place: &Place) -> io::Result<()> {
        let department = place.department.code;
        let forms =
            [(CONSENT, Layout::Flat, "scan.jpg", JPEG), (PICTURES, Layout::Foldered, "main_document.html", PAGE)];
        for (kind, layout, name, bytes) in forms {
            let (date, key) = (stay.from.date, self.number(stay.from.date));
            let sent = self.sent(stay.from.plus_minutes(30));
            let content =
                Content { kind, date, key: &key, sent, department, flag: Flag::Current, main: (name, bytes.to_vec()) };
            let beside: &[(&str, Vec<u8>)] = match layout {
                Layout::Flat => &[],
                Layout::Foldered => &[("images/1.png", PNG.to_vec()), ("images/2.jpg", JPEG.to_vec())],
            };
            storage.document(self.patient(), &content, layout, beside)?;
        }
        Ok(())
    }
}

const CONSENT: &str = "L-CONSENT^入院同意書^99ZL03^59284-0^同意書^LN";
const PICTURES: &str = "L-PHOTO^創部写真^99ZL03^72170-4^画像^LN";
/// A picture of one grey point.
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\
    \x00\x00\x00\x00IEND\xaeB`\x82";
const PAGE: &[u8] = b"<!DOCTYPE html><title>synthetic</title><img src=\"images/1.png\"><img src=\"images/2.jpg\">\n";
