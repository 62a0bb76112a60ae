//! How one facility writes: notation of names and addresses, codes, numbers, doctors. Follows from its id alone.
use super::illness::Department;
use super::names;
use super::places::{self, Address, AddressForm};
use super::plan::FacilityPlan;
use super::stream::Source;
use protocol::kinds::FacilityClass;

/// A facility with its habits.
pub(crate) struct House<'a> {
    pub(crate) plan: &'a FacilityPlan,
    pub(crate) kana: KanaForm,
    pub(crate) address: AddressForm,
    pub(crate) date: DateForm,
    pub(crate) codes: CodeHabit,
    /// Telephone numbers with hyphens.
    pub(crate) hyphens: bool,
    /// Lists have the whole name in one field, with a full-width space.
    pub(crate) joined: bool,
    /// Old character forms are written in their everyday form.
    pub(crate) plain_kanji: bool,
    /// Of a thousand patients, so many are without insurance data here.
    pub(crate) uninsured: u32,
    /// Digits of patient numbers.
    pub(crate) number_width: usize,
    /// Patient numbers carry their assigning authority.
    pub(crate) with_authority: bool,
    pub(crate) system: &'static str,
    /// ORC-21, -22, -23: name, address and telephone.
    pub(crate) letterhead: [String; 3],
    doctor_code: u32,
    source: Source,
}

/// How the reading of a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KanaForm {
    /// Full-width katakana.
    Full,
    /// Half-width katakana; in the storage, where that is not allowed, full-width ones without small letters.
    Half,
    /// Hiragana.
    Hiragana,
}

/// How lists write birth dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateForm {
    /// `1980-03-09`
    Iso,
    /// `19800309`
    Compact,
    /// `1980/3/9`
    Slashed,
    /// `S55.03.09`
    Wareki,
}

/// Which drug code stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeHabit {
    /// HOT9, nothing else.
    Hot9,
    /// The house's own, then HOT9.
    LocalThenHot9,
    /// YJ.
    Yj,
}

impl<'a> House<'a> {
    pub(crate) fn new(plan: &'a FacilityPlan, source: Source) -> Self {
        let id = plan.id.as_str();
        let mut stream = source.stream("house", id, 0);
        let hospital = plan.class == FacilityClass::Hospital;
        let care = matches!(plan.class, FacilityClass::Care | FacilityClass::VisitingNursing);
        let kana = match stream.below(10) {
            _ if hospital => KanaForm::Full,
            0..=4 if !care => KanaForm::Half,
            0..=3 => KanaForm::Hiragana,
            _ => KanaForm::Full,
        };
        let forms = [AddressForm::FullWidth, AddressForm::Short, AddressForm::Long, AddressForm::Plain];
        let dates = [DateForm::Iso, DateForm::Compact, DateForm::Slashed, DateForm::Wareki];
        let codes = [CodeHabit::Hot9, CodeHabit::LocalThenHot9, CodeHabit::Yj];
        let address = Address::draw(&plan.network, &mut stream);
        Self {
            plan,
            kana,
            address: *stream.pick(&forms),
            date: *stream.pick(&dates),
            codes: *stream.pick(&codes),
            hyphens: stream.permille(500),
            joined: !hospital && stream.permille(200),
            plain_kanji: stream.permille(400),
            uninsured: if care { 700 } else { stream.between(20, 150) },
            number_width: if hospital { 10 } else { stream.between(7, 9) as usize },
            with_authority: stream.permille(500),
            system: if hospital { "HIS" } else { "CLIS" },
            letterhead: [
                plan.name.clone(),
                format!("^^^^{}^JPN^^{}", hyphened_postcode(&address.postcode), address.text(AddressForm::FullWidth)),
                format!("^^^^^^^^^^^{}", places::hyphened(&places::landline(&mut stream))),
            ],
            doctor_code: stream.between(100, 899),
            source,
        }
    }
    /// The facility's id as text.
    pub(crate) fn id(&self) -> &'a str {
        self.plan.id.as_str()
    }
    /// The staff member who signs for a department, as XCN.
    pub(crate) fn doctor(&self, department: &Department) -> String {
        let number = department.code.bytes().fold(0, |sum, b| sum * 36 + u64::from(b));
        let mut stream = self.source.stream("doctor", self.id(), number);
        let family = names::family(&mut stream);
        let sex = if stream.permille(650) { super::people::Sex::Male } else { super::people::Sex::Female };
        let given = names::given(sex, 1972, &mut stream);
        format!("D{:04}^{}^{}^^^^^^^L^^^^^I", u64::from(self.doctor_code) + number % 100, family.kanji, given.kanji)
    }
}

/// `000-0123`.
pub(crate) fn hyphened_postcode(postcode: &str) -> String {
    format!("{}-{}", &postcode[..3], &postcode[3..])
}
