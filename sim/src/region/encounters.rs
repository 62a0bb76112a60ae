//! Who is seen where and when: visits, stays, and what is handed out at a pharmacy.
use super::house::House;
use super::illness::{self, Ailment, COLD, Department, Illness, PNEUMONIA};
use super::limits::STAY_DAYS_MAX;
use super::moment::{Moment, age, later};
use super::people::Person;
use super::plan::Plan;
use super::stream::Source;
use protocol::kinds::FacilityClass;
use protocol::time::Date;

/// An outpatient visit.
pub(crate) struct Visit<'p> {
    pub(crate) at: Moment,
    pub(crate) department: &'static Department,
    /// What it is about.
    pub(crate) ailments: Vec<&'p Ailment>,
    /// A passing illness.
    pub(crate) acute: Option<&'static Illness>,
    /// Whether blood is taken, and whether an examination is made.
    pub(crate) blood: bool,
    pub(crate) exam: bool,
}

/// A stay in a bed.
pub(crate) struct Stay<'p> {
    pub(crate) from: Moment,
    pub(crate) to: Moment,
    pub(crate) reason: &'static Illness,
    pub(crate) ailments: Vec<&'p Ailment>,
}

/// All of one person at one facility, each list in order of time.
#[derive(Default)]
pub(crate) struct Encounters<'p> {
    pub(crate) visits: Vec<Visit<'p>>,
    pub(crate) stays: Vec<Stay<'p>>,
}

/// What brings `person` to `house`, given the illnesses that are `treated` there.
pub(crate) fn draw<'p>(
    person: &'p Person,
    house: &House<'_>,
    treated: &[&'p Ailment],
    registered: Date,
    plan: &Plan,
    source: Source,
) -> Encounters<'p> {
    let mut stream = source.stream("encounters", house.id(), u64::from(person.number));
    let mut all = Encounters::default();
    let dental = house.plan.class == FacilityClass::Dental;
    let mut date = registered;
    let mut count = 0u32;
    while date <= plan.until {
        let now: Vec<&Ailment> = treated.iter().copied().filter(|ailment| ailment.onset <= date).collect();
        let first = now.first().map(|ailment| ailment.illness);
        let interval = now.iter().map(|ailment| ailment.illness.interval).min().unwrap_or(300);
        let acute =
            if dental { Some(&illness::CARIES) } else { (now.is_empty() || stream.permille(60)).then_some(&COLD) };
        let department = first.or(acute).map_or(&illness::INTERNAL, |illness| illness.department);
        all.visits.push(Visit {
            at: Moment::at(date, stream.between(9 * 60, 16 * 60)),
            department,
            ailments: now.clone(),
            acute,
            blood: !dental && (count.is_multiple_of(2) || now.len() > 2),
            exam: count % 6 == 1,
        });
        let old = age(person.birth, date) >= 75;
        let admits = now.iter().map(|ailment| ailment.illness.admits).sum::<u32>() + if old { 40 } else { 6 };
        if house.plan.class == FacilityClass::Hospital && stream.permille(admits) {
            let own = now.iter().map(|ailment| ailment.illness).find(|illness| illness.admits > 9);
            let reason = own.filter(|_| stream.permille(700)).unwrap_or(&PNEUMONIA);
            let from = later(date, stream.between(0, 3) as i32);
            let to = later(from, stream.between(3, STAY_DAYS_MAX) as i32);
            if to < plan.until {
                let (from, to) = (Moment::at(from, 14 * 60), Moment::at(to, 10 * 60 + 30));
                all.stays.push(Stay { from, to, reason, ailments: now });
                date = to.date;
            }
        }
        let jitter = stream.below(15);
        date = later(date, (interval + jitter).saturating_sub(7).max(14) as i32);
        count += 1;
    }
    all
}
