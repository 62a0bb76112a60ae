//! All facilities of a plan, one after the other.
use super::charset::Jis;
use super::chart::Chart;
use super::house::House;
use super::moment::age;
use super::people::{Person, population};
use super::plan::{Plan, PlanError};
use super::registration::{PATIENTS_FILE, PATIENTS_HEADER, Registration, TRUTH_FILE, TRUTH_HEADER};
use super::stream::Source;
use super::summary::{FacilitySummary, Summary};
use super::tree::Storage;
use protocol::ids::FacilityId;
use protocol::kinds::FacilityClass;
use std::collections::BTreeSet;
use std::io;

/// Takes the files as they come; paths are relative, with `/`.
pub trait Sink {
    /// A file of one facility.
    ///
    /// # Errors
    /// Whatever keeps the file from being kept; the generator stops.
    fn file(&mut self, facility: &FacilityId, rel_path: &str, bytes: &[u8]) -> io::Result<()>;
    /// A file about the whole region.
    ///
    /// # Errors
    /// As [`Sink::file`].
    fn region_file(&mut self, rel_path: &str, bytes: &[u8]) -> io::Result<()>;
}

/// Why generation stopped.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The plan is not one that can be carried out; nothing was written.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The sink refused a file; what it took before is incomplete.
    #[error("could not write the made-up storage; what is there is incomplete, remove it and run again")]
    Sink(#[from] io::Error),
}

/// One person's facilities, as positions in the sorted list of houses.
pub(crate) struct Known {
    pub(crate) houses: Vec<usize>,
    /// Who treats each ailment; none if nobody who could knows the person.
    pub(crate) treated_at: Vec<Option<usize>>,
}

/// Writes the storages of all facilities of `plan`, the lists of their patients, and the truth about who is who.
///
/// Equal plans give equal files; the order of the facilities decides only the order in which their files come.
///
/// # Errors
/// [`GenerateError::Plan`] before anything is written, [`GenerateError::Sink`] when the sink refuses.
pub fn generate(plan: &Plan, sink: &mut dyn Sink) -> Result<Summary, GenerateError> {
    plan.check()?;
    let source = Source::new(plan.seed);
    let people = population(plan, source);
    let mut sorted: Vec<_> = plan.facilities.iter().collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    let houses: Vec<House<'_>> = sorted.iter().map(|facility| House::new(facility, source)).collect();
    let known: Vec<Known> = people.iter().map(|person| know(person, &houses, plan, source)).collect();
    let region = Region { plan, source, houses: &houses, people: &people, known: &known, jis: Jis::new() };

    let mut summary = count_people(&people, &known, &houses);
    let mut truth = vec![String::new(); houses.len()];
    for facility in &plan.facilities {
        let Some(at) = houses.iter().position(|house| house.plan.id == facility.id) else { continue };
        let (of_house, rows) = region.facility(at, sink)?;
        truth[at] = rows;
        summary.facilities.insert(facility.id.clone(), of_house);
    }
    sink.region_file(TRUTH_FILE, (TRUTH_HEADER.to_owned() + &truth.concat()).as_bytes())?;
    Ok(summary)
}

/// Everything that is settled before the first file.
pub(crate) struct Region<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) source: Source,
    /// In order of their ids.
    pub(crate) houses: &'a [House<'a>],
    pub(crate) people: &'a [Person],
    pub(crate) known: &'a [Known],
    jis: Jis,
}

impl Region<'_> {
    /// Writes one house; gives its counts and its lines of the truth.
    fn facility(&self, at: usize, sink: &mut dyn Sink) -> io::Result<(FacilitySummary, String)> {
        let house = &self.houses[at];
        let mut storage = Storage {
            facility: &house.plan.id,
            jis: &self.jis,
            sink,
            deviations: self.plan.deviations,
            chance: self.source.stream("deviations", house.id(), 0),
            further: self.source.stream("further deviations", house.id(), 0),
            summary: FacilitySummary::default(),
        };
        let (mut list, mut truth) = (PATIENTS_HEADER.to_owned(), String::new());
        let members = self.people.iter().zip(self.known).filter(|(_, known)| known.houses.contains(&at));
        for (index, (person, known)) in members.enumerate() {
            let registration = Registration::draw(person, house, index as u64, self.plan, self.source);
            list += &registration.row(house);
            truth += &registration.truth(person, house);
            Chart::new(self, at, person, known, &registration).write(&mut storage)?;
            storage.summary.patients += 1;
        }
        storage.sink.file(storage.facility, PATIENTS_FILE, list.as_bytes())?;
        Ok((storage.summary, truth))
    }
}

/// Of people who live elsewhere, a house knows one in so many as of those nearby.
const FAR_SHARE: u32 = 4;

/// Which houses know `person`. Each house draws for itself; who would be known nowhere goes to the largest nearby.
fn know(person: &Person, houses: &[House<'_>], plan: &Plan, source: Source) -> Known {
    let years = age(person.birth, plan.until);
    let mut known = Vec::new();
    for (at, house) in houses.iter().enumerate() {
        let near = house.plan.network == person.network;
        let share = if near { house.plan.size } else { house.plan.size / FAR_SHARE };
        let share = match house.plan.class {
            FacilityClass::Care | FacilityClass::VisitingNursing => match years {
                0..=64 => 0,
                65..=74 => share,
                _ => share * 3,
            },
            _ => share,
        };
        if source.stream("known", house.id(), u64::from(person.number)).permille(share) {
            known.push(at);
        }
    }
    if known.is_empty() {
        let near = houses.iter().enumerate().filter(|(_, house)| house.plan.network == person.network);
        known.extend(near.max_by_key(|(at, house)| (house.plan.size, usize::MAX - at)).map(|(at, _)| at));
    }
    let doctors = || known.iter().copied().filter(|at| treats(houses[*at].plan.class));
    let treated_at = (0..person.ailments.len())
        .map(|ailment| {
            let number = u64::from(person.number) << 8 | ailment as u64;
            doctors().max_by_key(|at| source.stream("treats", houses[*at].id(), number).below(1 << 30))
        })
        .collect();
    Known { houses: known, treated_at }
}

/// Whether a house of this class treats illnesses.
pub(crate) fn treats(class: FacilityClass) -> bool {
    matches!(class, FacilityClass::Hospital | FacilityClass::Clinic)
}

fn count_people(people: &[Person], known: &[Known], houses: &[House<'_>]) -> Summary {
    let networks = |known: &Known| {
        let names: BTreeSet<&str> = known.houses.iter().map(|at| houses[*at].plan.network.as_str()).collect();
        names.len()
    };
    let pairs = |group: &dyn Fn(&Person) -> Option<u32>| {
        let groups: Vec<u32> = people.iter().filter_map(group).collect();
        (groups.len() - groups.iter().collect::<BTreeSet<_>>().len()) as u32
    };
    Summary {
        people: people.len() as u32,
        shared: known.iter().filter(|known| known.houses.len() > 1).count() as u32,
        across_networks: known.iter().filter(|known| networks(known) > 1).count() as u32,
        twins: pairs(&|person| person.twins),
        namesakes: pairs(&|person| person.namesakes),
        ..Summary::default()
    }
}
