//! What holders answered a little while ago, so that another period of the same person needs no second question to anybody;
//! and the ground on which they were asked. In memory only. Before it is shown again, every copy is looked for: what a
//! withdrawal took away is not shown.
use crate::desk::HolderAnswer;
use crate::limits::{GROUND_KEPT_MS, GROUNDS_MAX, READINGS_MAX};
use protocol::ids::PatientRef;
use protocol::time::Millis;
use std::collections::BTreeMap;

/// Answers of one question.
#[derive(Clone)]
pub struct Reading {
    /// When it was asked.
    pub at: Millis,
    /// Until when it is shown again.
    pub until: Millis,
    /// What came.
    pub answers: Vec<HolderAnswer>,
}

/// Grounds and answers by patient.
#[derive(Default)]
pub struct Readings {
    grounds: BTreeMap<PatientRef, (Millis, String)>,
    readings: BTreeMap<PatientRef, Reading>,
}

impl Readings {
    /// The ground that holds for this patient now.
    pub fn ground(&self, patient: PatientRef, now: Millis) -> Option<&str> {
        let (at, ground) = self.grounds.get(&patient)?;
        (now.since(*at) < GROUND_KEPT_MS).then_some(ground.as_str())
    }
    /// What was answered lately.
    pub fn find(&self, patient: PatientRef, now: Millis) -> Option<Reading> {
        self.readings.get(&patient).filter(|reading| now < reading.until).cloned()
    }
    /// Asks anew from now on, on this ground.
    pub fn begin(&mut self, patient: PatientRef, now: Millis, ground: String) {
        self.readings.remove(&patient);
        self.grounds.retain(|_, (at, _)| now.since(*at) < GROUND_KEPT_MS);
        self.grounds.insert(patient, (now, ground));
        drop_oldest(&mut self.grounds, GROUNDS_MAX, |(at, _)| *at);
    }
    /// Keeps what was answered.
    pub fn keep(&mut self, patient: PatientRef, reading: Reading) {
        let now = reading.at;
        self.readings.retain(|_, own| now < own.until);
        self.readings.insert(patient, reading);
        drop_oldest(&mut self.readings, READINGS_MAX, |own| own.at);
    }
}

fn drop_oldest<T>(map: &mut BTreeMap<PatientRef, T>, max: usize, at: impl Fn(&T) -> Millis) {
    while map.len() > max {
        let Some(oldest) = map.iter().min_by_key(|(_, one)| at(one)).map(|(patient, _)| *patient) else { return };
        map.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::READING_KEPT_MS;

    #[test]
    fn grounds_and_answers_end_and_their_number_is_bounded() {
        let mut readings = Readings::default();
        for number in 0..GROUNDS_MAX as u64 + 5 {
            readings.begin(PatientRef(number), Millis(number), "R-1".into());
            let at = Millis(number);
            let until = at.plus(READING_KEPT_MS);
            readings.keep(PatientRef(number), Reading { at, until, answers: Vec::new() });
        }
        assert_eq!((readings.grounds.len(), readings.readings.len()), (GROUNDS_MAX, READINGS_MAX));
        let (last, now) = (PatientRef(GROUNDS_MAX as u64 + 4), Millis(GROUNDS_MAX as u64 + 4));
        assert_eq!(readings.ground(last, now), Some("R-1"));
        assert_eq!(readings.ground(last, now.plus(GROUND_KEPT_MS)), None);
        assert!(readings.find(last, now).is_some());
        assert!(readings.find(last, now.plus(READING_KEPT_MS)).is_none());
        readings.begin(last, now, "R-2".into());
        assert!(readings.find(last, now).is_none(), "asked again");
    }
}
