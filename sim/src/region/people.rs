//! Who lives in the region: households with twins, same-name neighbours and old parents, drawn one after the other.
use super::illness::{self, Ailment};
use super::moment::{age, later};
use super::names::{self, Name};
use super::places::{self, Address, Insurance};
use super::plan::Plan;
use super::stream::{Source, Stream};
use protocol::time::Date;
use std::collections::BTreeMap;

/// 性別
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sex {
    Male,
    Female,
}

impl Sex {
    /// Table 0001.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Male => "M",
            Self::Female => "F",
        }
    }
    fn other(self) -> Self {
        match self {
            Self::Male => Self::Female,
            Self::Female => Self::Male,
        }
    }
}

/// One person as she really is.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// Running number in the region.
    pub(crate) number: u32,
    /// Running number of the household.
    pub(crate) household: u32,
    /// Name of the network in whose area she lives.
    pub(crate) network: String,
    pub(crate) family: Name,
    pub(crate) given: Name,
    /// Family name before marriage.
    pub(crate) maiden: Option<Name>,
    pub(crate) sex: Sex,
    pub(crate) birth: Date,
    pub(crate) address: Address,
    pub(crate) landline: String,
    pub(crate) mobile: Option<String>,
    pub(crate) insurance: Insurance,
    /// Shared by two twins.
    pub(crate) twins: Option<u32>,
    /// Shared by two strangers of one kana name, sex and birth date.
    pub(crate) namesakes: Option<u32>,
    pub(crate) ailments: Vec<Ailment>,
    /// Indexes into [`illness::ALLERGIES`].
    pub(crate) allergies: Vec<usize>,
    /// Height in millimetres.
    pub(crate) height_mm: u32,
    /// Weight in hundreds of grams.
    pub(crate) weight_hg: u32,
    pub(crate) blood: &'static str,
}

/// Everybody whom `plan` asks for, in order of their numbers.
pub(crate) fn population(plan: &Plan, source: Source) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::with_capacity(plan.patients as usize);
    let networks = networks(plan);
    let mut household = 0;
    while people.len() < plan.patients as usize {
        let mut stream = source.stream("household", "", u64::from(household));
        let mut home = Household::draw(plan.until, home_network(&networks, source, household), household, &mut stream);
        home.fill(&mut stream);
        for mut person in home.members {
            person.number = people.len() as u32;
            if people.len() < plan.patients as usize {
                people.push(person);
            }
        }
        household += 1;
    }
    for person in &mut people {
        let mut stream = source.stream("health", "", u64::from(person.number));
        person.ailments = illness::draw(person.birth, plan.until, &mut stream);
        person.allergies = illness::allergies(&mut stream);
    }
    people
}

/// Members of one household while they are drawn.
struct Household {
    number: u32,
    network: String,
    until: Date,
    family: Name,
    address: Address,
    landline: String,
    insurance: Insurance,
    members: Vec<Person>,
}

/// One household of so many has twins, one a namesake elsewhere: often enough for a region of fifty people to have both.
const TWINS_EVERY: u32 = 16;
const NAMESAKE_EVERY: u32 = 16;

impl Household {
    fn draw(until: Date, network: String, number: u32, stream: &mut Stream) -> Self {
        let address = Address::draw(&network, stream);
        let family = names::family(stream);
        let (landline, insurance) = (places::landline(stream), Insurance::family(stream));
        Self { number, network, until, family, address, landline, insurance, members: Vec::new() }
    }
    fn fill(&mut self, stream: &mut Stream) {
        let with_twins = self.number % TWINS_EVERY == 5;
        let head_age = if with_twins { stream.between(32, 60) } else { 34 + stream.below(30) + stream.below(28) };
        let head = if stream.permille(560) { Sex::Male } else { Sex::Female };
        self.add(head, head_age, stream);
        let kind = stream.below(100);
        if with_twins || kind >= 34 {
            self.add(head.other(), (head_age + stream.below(9)).saturating_sub(4), stream);
        }
        if with_twins {
            self.add_twins(head_age.saturating_sub(27).clamp(1, 30), stream);
        } else if kind >= 62 && (26..66).contains(&head_age) {
            for child in 0..stream.between(1, 2) {
                let years = head_age.saturating_sub(25 + stream.below(6) + child * 3);
                self.add(if stream.permille(510) { Sex::Male } else { Sex::Female }, years, stream);
            }
        }
        if kind >= 88 && head_age < 66 {
            self.add(Sex::Female, head_age + stream.between(24, 32), stream);
        }
        if self.number % NAMESAKE_EVERY == 11 {
            self.add_namesake(stream);
        }
    }
    fn add(&mut self, sex: Sex, years: u32, stream: &mut Stream) {
        let birth = later(self.until, -((years * 365 + years / 4 + 1 + stream.below(364)) as i32));
        let grown = age(birth, self.until);
        let mut given = names::given(sex, birth.year(), stream);
        if stream.permille(120) {
            given.kanji = names::with_variants(&given.kanji, stream);
        }
        let insurance = if grown >= 75 { Insurance::late(stream) } else { self.insurance.branch(self.members.len()) };
        let married = sex == Sex::Female && (24..70).contains(&grown) && stream.permille(350);
        let mobile = (14..86).contains(&grown) && stream.permille(820);
        let (base, spread) = if grown < 15 { (600 + grown * 70, 60) } else { (1480, 160) };
        let height_mm = base + stream.below(spread) + if sex == Sex::Male && grown >= 15 { 110 } else { 0 };
        self.members.push(Person {
            number: 0,
            household: self.number,
            network: self.network.clone(),
            family: self.family.clone(),
            given,
            maiden: married.then(|| names::family(stream)),
            sex,
            birth,
            address: self.address.clone(),
            landline: self.landline.clone(),
            mobile: mobile.then(|| places::mobile(stream)),
            insurance,
            twins: None,
            namesakes: None,
            ailments: Vec::new(),
            allergies: Vec::new(),
            height_mm,
            weight_hg: height_mm * height_mm / 10_000 * stream.between(19, 27) / 10,
            blood: stream.weighted(&[("A", 40), ("O", 30), ("B", 20), ("AB", 10)], |(_, share)| *share).0,
        });
    }
    fn add_twins(&mut self, years: u32, stream: &mut Stream) {
        let sex = if stream.permille(500) { Sex::Male } else { Sex::Female };
        self.add(sex, years, stream);
        self.add(if stream.permille(700) { sex } else { sex.other() }, years, stream);
        let group = Some(self.number);
        if let [.., first, second] = self.members.as_mut_slice() {
            second.birth = first.birth;
            second.given = names::twin(&first.given, second.sex, second.birth.year(), stream);
            (first.twins, second.twins) = (group, group);
            (first.maiden, second.maiden) = (None, None);
        }
    }
    /// Somebody else in town with the same kana name, sex and birth date; four of ten write the given name otherwise.
    fn add_namesake(&mut self, stream: &mut Stream) {
        let Some(mut stranger) = self.members.first().cloned() else { return };
        stranger.address = Address::draw(&self.network, stream);
        stranger.landline = places::landline(stream);
        stranger.mobile = stranger.mobile.map(|_| places::mobile(stream));
        let late = age(stranger.birth, self.until) >= 75;
        stranger.insurance = if late { Insurance::late(stream) } else { Insurance::family(stream) };
        stranger.maiden = None;
        if stream.permille(400) {
            stranger.given = names::same_sound(&stranger.given, stranger.sex, stream).unwrap_or(stranger.given);
        }
        stranger.namesakes = Some(self.number);
        if let Some(first) = self.members.first_mut() {
            (first.namesakes, first.maiden) = (Some(self.number), None);
        }
        self.members.push(stranger);
    }
}

/// Each network's name and the size of its largest house.
fn networks(plan: &Plan) -> BTreeMap<&str, u32> {
    let mut largest = BTreeMap::new();
    for facility in &plan.facilities {
        let size = largest.entry(facility.network.as_str()).or_insert(0);
        *size = facility.size.max(*size);
    }
    largest
}
/// Where a household lives: each network draws, weighted by its largest house, and the highest draw wins. So neither the order
/// of facilities nor a further small one moves anybody.
fn home_network(networks: &BTreeMap<&str, u32>, source: Source, household: u32) -> String {
    let draw = |network: &str, largest: u32| {
        u64::from(source.stream("home", network, u64::from(household)).below(1 << 20)) * u64::from(largest)
    };
    let best = networks.iter().map(|(name, largest)| (draw(name, *largest), *name)).max();
    best.map(|(_, name)| name.to_owned()).unwrap_or_default()
}
