//! A person as one facility wrote her down: its notation, what was true then, and what the clerk got wrong.
use super::charset::half_width;
use super::house::{DateForm, House, KanaForm, hyphened_postcode};
use super::moment::{age, later};
use super::names;
use super::people::{Person, Sex};
use super::places::{self, Address, Insurance};
use super::plan::Plan;
use super::stream::{Source, Stream};
use protocol::time::Date;

/// The list of patients that is written for every facility; columns as those of the shared test data for record linkage.
pub const PATIENTS_FILE: &str = "patients.csv";
/// The list of who is who, for judging a linkage; never an input of one.
pub const TRUTH_FILE: &str = "truth.csv";

pub(crate) const PATIENTS_HEADER: &str = "record_id,facility,local_id,family_kanji,given_kanji,family_kana,given_kana,birth_date,\
    sex,postcode,address,phone,insurer_no,insured_symbol,insured_number,insured_branch,common_id,registered_on\n";
pub(crate) const TRUTH_HEADER: &str =
    "record_id,network,facility,local_id,person_id,household_id,twin_group,stranger_group,errors\n";

/// One registration.
pub(crate) struct Registration {
    pub(crate) number: String,
    pub(crate) family: String,
    pub(crate) given: String,
    pub(crate) family_kana: String,
    pub(crate) given_kana: String,
    pub(crate) birth: Option<Date>,
    pub(crate) sex: Option<Sex>,
    pub(crate) address: Option<Address>,
    /// Where she lived when she came first, if that was elsewhere.
    pub(crate) former_address: Option<Address>,
    pub(crate) phone: String,
    pub(crate) insurance: Option<Insurance>,
    pub(crate) registered: Date,
    pub(crate) errors: Vec<&'static str>,
}

impl Registration {
    /// How `house` holds `person`, its `index`-th patient.
    pub(crate) fn draw(person: &Person, house: &House<'_>, index: u64, plan: &Plan, source: Source) -> Self {
        let mut stream = source.stream("registration", house.id(), u64::from(person.number));
        let mobile = person.mobile.clone().filter(|_| stream.permille(600));
        let days = stream.below(u32::from(plan.years) * 300);
        let mut this = Self {
            number: local_number(index, house.number_width),
            family: person.family.kanji.clone(),
            given: person.given.kanji.clone(),
            family_kana: person.family.kana.clone(),
            given_kana: person.given.kana.clone(),
            birth: Some(person.birth),
            sex: Some(person.sex),
            address: Some(person.address.clone()),
            former_address: None,
            phone: mobile.unwrap_or_else(|| person.landline.clone()),
            insurance: Some(person.insurance.clone()),
            registered: later(plan.from(), days as i32 + 1).max(person.birth),
            errors: Vec::new(),
        };
        this.live(person, plan, &mut stream);
        this.mistype(person, &mut stream);
        if stream.permille(house.uninsured) {
            this.insurance = None;
        }
        this.spell(house);
        this
    }
    /// What life has changed since: marriage, moves, other insurance.
    fn live(&mut self, person: &Person, plan: &Plan, stream: &mut Stream) {
        let old = |stream: &mut Stream| {
            let late = age(person.birth, plan.until) >= 75;
            if late { Insurance::late(stream) } else { Insurance::family(stream) }
        };
        if let Some(maiden) = person.maiden.as_ref().filter(|_| stream.permille(130)) {
            self.family = maiden.kanji.clone();
            self.family_kana = maiden.kana.clone();
            self.insurance = Some(old(stream));
            self.errors.extend(["maiden", "insurer"]);
        } else if stream.permille(70) {
            self.address = Some(Address::draw(&person.network, stream));
            self.errors.push("moved");
            if stream.permille(500) {
                self.insurance = Some(old(stream));
                self.errors.push("insurer");
            }
        } else if stream.permille(90) {
            self.insurance = Some(old(stream));
            self.errors.push("insurer");
        }
        if stream.permille(80) {
            self.former_address = Some(Address::draw(&person.network, stream));
        }
    }
    /// What was misheard, misread or left out.
    fn mistype(&mut self, person: &Person, stream: &mut Stream) {
        if stream.permille(150) {
            let (family, given) =
                (names::with_variants(&self.family, stream), names::with_variants(&self.given, stream));
            if (&family, &given) != (&self.family, &self.given) {
                (self.family, self.given) = (family, given);
                self.errors.push("itaiji");
            }
        }
        let other = if stream.permille(12) { names::same_sound(&person.given, person.sex, stream) } else { None };
        if let Some(other) = other {
            self.given = other.kanji;
            self.errors.push("homophone");
        }
        if stream.permille(16) {
            let mut letters: Vec<char> = self.given_kana.chars().collect();
            if let Some(at) = letters.len().checked_sub(2) {
                letters.swap(at, at + 1);
                self.given_kana = letters.into_iter().collect();
                self.errors.push("kana_typo");
            }
        }
        if stream.permille(40) {
            (self.family, self.given) = (String::new(), String::new());
            self.errors.push("no_kanji");
        } else if stream.permille(12) {
            (self.family_kana, self.given_kana) = (String::new(), String::new());
            self.errors.push("no_kana");
        }
        if stream.permille(10) {
            let wrong = [later(person.birth, 10), later(person.birth, -365), later(person.birth, 1)];
            self.birth = Some(*stream.pick(&wrong));
            self.errors.push("dob");
        }
        if stream.permille(40) {
            self.address = None;
            self.errors.push("no_addr");
        }
        if stream.permille(100) {
            self.phone.clear();
        }
        if stream.permille(10) {
            self.sex = None;
            self.errors.push("sex");
        }
    }
    /// The house's notation.
    fn spell(&mut self, house: &House<'_>) {
        if house.plain_kanji {
            self.family = self.family.chars().map(names::everyday).collect();
            self.given = self.given.chars().map(names::everyday).collect();
        }
        if house.kana == KanaForm::Hiragana {
            self.family_kana = names::hiragana(&self.family_kana);
            self.given_kana = names::hiragana(&self.given_kana);
        }
    }
    /// The reading as the storage may hold it.
    pub(crate) fn stored_kana(&self, house: &House<'_>) -> [String; 2] {
        let form = |kana: &str| {
            if house.kana == KanaForm::Half { names::without_small(kana) } else { kana.to_owned() }
        };
        [form(&self.family_kana), form(&self.given_kana)]
    }
    /// Telephone in the house's notation.
    pub(crate) fn phone(&self, house: &House<'_>) -> String {
        if house.hyphens && !self.phone.is_empty() { places::hyphened(&self.phone) } else { self.phone.clone() }
    }
    /// Postcode in the house's notation.
    pub(crate) fn postcode(&self, house: &House<'_>) -> String {
        let code = self.address.as_ref().map(|address| address.postcode.as_str()).unwrap_or_default();
        if house.hyphens && !code.is_empty() { hyphened_postcode(code) } else { code.to_owned() }
    }
    /// One line of [`PATIENTS_FILE`].
    pub(crate) fn row(&self, house: &House<'_>) -> String {
        let kana = |text: &str| if house.kana == KanaForm::Half { half_width(text) } else { text.to_owned() };
        let join = |family: &str, given: &str| match house.joined && !given.is_empty() {
            true => [format!("{family}\u{3000}{given}"), String::new()],
            false => [family.to_owned(), given.to_owned()],
        };
        let [family, given] = join(&self.family, &self.given);
        let [kana_family, kana_given] = join(&kana(&self.family_kana), &kana(&self.given_kana));
        let birth = self.birth.map(|birth| birth_text(birth, house.date)).unwrap_or_default();
        let address = self.address.as_ref().map(|address| address.text(house.address)).unwrap_or_default();
        let insurance =
            self.insurance.as_ref().map(|i| [&i.insurer, &i.symbol, &i.number, &i.branch].map(String::as_str));
        let (phone, postcode, registered) = (self.phone(house), self.postcode(house), self.registered.to_string());
        let record = self.record_id(house);
        let mut columns = vec![record.as_str(), house.id(), &self.number, &family, &given];
        columns.extend([kana_family.as_str(), &kana_given, &birth, self.sex.map_or("", Sex::code)]);
        columns.extend([postcode.as_str(), &address, &phone]);
        columns.extend(insurance.unwrap_or_default());
        columns.extend(["", &registered]);
        columns.join(",") + "\n"
    }
    /// One line of [`TRUTH_FILE`].
    pub(crate) fn truth(&self, person: &Person, house: &House<'_>) -> String {
        let group = |group: Option<u32>| group.map(|g| g.to_string()).unwrap_or_default();
        format!(
            "{},{},{},{},P{:08},H{:08},{},{},{}\n",
            self.record_id(house),
            house.plan.network,
            house.id(),
            self.number,
            person.number,
            person.household,
            group(person.twins),
            group(person.namesakes),
            self.errors.join(";")
        )
    }
    fn record_id(&self, house: &House<'_>) -> String {
        format!("{}-{}", house.id(), self.number)
    }
}

/// Numbers as a facility gives them: different ones for different indexes, in no order that would tell anything. Houses with
/// numbers of one width give the same ones to different people, as in life: a number alone is nobody's.
fn local_number(index: u64, width: usize) -> String {
    let modulus = 10u64.pow(width as u32 - 1);
    format!("{:0width$}", (index * 3_368_787 + 104_729) % modulus)
}

fn birth_text(date: Date, form: DateForm) -> String {
    match form {
        DateForm::Iso => date.to_string(),
        DateForm::Compact => format!("{:08}", date.number()),
        DateForm::Slashed => format!("{}/{}/{}", date.year(), date.month(), date.day()),
        DateForm::Wareki => {
            let era = ERAS.iter().find(|(_, first, _)| *first <= date.number());
            era.map_or_else(
                || date.to_string(),
                |(sign, _, base)| format!("{sign}{:02}.{:02}.{:02}", date.year() - base, date.month(), date.day()),
            )
        }
    }
}

/// Sign, first day, year before the first.
const ERAS: &[(char, u32, u16)] =
    &[('R', 20190501, 2018), ('H', 19890108, 1988), ('S', 19261225, 1925), ('T', 19120730, 1911)];
