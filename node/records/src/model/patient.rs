use super::{Allergy, LabItem, Line, LineKind, silent};
use crate::Redacted;
use crate::hl7::Stamp;
use protocol::time::Date;
use serde::{Deserialize, Serialize};

/// A patient's master data (ADT-00), or as much of them as any other message carries in PID.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patient {
    /// 患者番号 as the message has it (PID-3).
    pub number: Redacted<String>,
    /// Names: kanji, kana, roman, in the order sent.
    pub names: Vec<PersonName>,
    /// Birth date.
    pub birth_date: Redacted<Option<Date>>,
    /// Sex.
    pub sex: Sex,
    /// Addresses.
    pub addresses: Vec<Address>,
    /// Telephone numbers.
    pub phones: Vec<Phone>,
    /// Insurances, public ones (公費) included.
    pub insurances: Vec<Insurance>,
    /// Family and workplace (NK1).
    pub contacts: Vec<Contact>,
    /// Height, weight, blood types (OBX).
    pub measures: Vec<LabItem>,
    /// Allergies that stand with the master data (AL1); the whole list is ADT-61's.
    pub allergies: Vec<Allergy>,
    /// Whether a physical handicap is noted (DB1).
    pub handicapped: Option<bool>,
    /// When the sender last changed them.
    pub updated: Option<Stamp>,
    /// The sender removed this patient (A23).
    pub deleted: bool,
}

impl Patient {
    /// The first name in this script.
    pub fn name(&self, form: NameForm) -> Option<&PersonName> {
        self.names.iter().find(|name| name.form == form)
    }
    /// Rows for reading. Personal data: for the screen of somebody who may see it.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for name in &self.names {
            Line::of(LineKind::Basic, name.whole()).label("氏名").push_to(&mut lines);
        }
        let birth = self.birth_date.expose().map(|date| date.to_string()).unwrap_or_default();
        Line::of(LineKind::Basic, birth).label("生年月日").push_to(&mut lines);
        Line::of(LineKind::Basic, self.sex.japanese()).label("性別").push_to(&mut lines);
        for address in &self.addresses {
            let line = Line::of(LineKind::Basic, address.text.expose().clone()).label("住所");
            line.detail(address.postcode.expose().clone()).push_to(&mut lines);
        }
        for phone in &self.phones {
            let detail = crate::codes::word("HL70201", &phone.purpose).unwrap_or_default();
            Line::of(LineKind::Basic, phone.number.expose().clone()).label("電話").detail(detail).push_to(&mut lines);
        }
        for contact in &self.contacts {
            let name = contact.name.as_ref().map(PersonName::whole).unwrap_or_default();
            let line = Line::of(LineKind::Basic, name).label(contact.relation.shown().to_owned());
            line.detail(contact.workplace.expose().clone()).push_to(&mut lines);
        }
        for insurance in &self.insurances {
            let number = insurance.shown_number();
            let line = Line::of(LineKind::Insurance, insurance.plan.shown().to_owned());
            line.label(insurance.insurer_name.clone()).detail(number).push_to(&mut lines);
        }
        lines.extend(self.measures.iter().map(LabItem::line));
        lines.extend(self.allergies.iter().map(Allergy::line));
        lines
    }
}

/// A name in one script.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    /// 姓; the whole name if the sender did not part it.
    pub family: Redacted<String>,
    /// 名
    pub given: Redacted<String>,
    /// Which script.
    pub form: NameForm,
}

impl PersonName {
    /// Family and given name with a space between.
    pub fn whole(&self) -> String {
        format!("{} {}", self.family.expose(), self.given.expose()).trim().to_owned()
    }
}

/// Which script a name is written in (XPN.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NameForm {
    /// 漢字 (`I`); also any name as it is officially written.
    Kanji,
    /// カナ (`P`)
    Kana,
    /// ローマ字 (`A`)
    Roman,
}

/// Administrative sex (table 0001).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Sex {
    /// 女
    Female,
    /// 男
    Male,
    /// その他, 両性
    Other,
    /// 不明, or nothing was said.
    #[default]
    Unknown,
}

impl Sex {
    /// Reads the letter of table 0001; also the digits 1 and 2 and the kanji that some writers use.
    pub fn parse(letter: &str) -> Self {
        match letter.trim().to_ascii_uppercase().as_str() {
            "F" | "2" | "女" => Self::Female,
            "M" | "1" | "男" => Self::Male,
            "O" | "A" | "N" => Self::Other,
            _ => Self::Unknown,
        }
    }
    /// 女, 男, その他, 不明
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Female => "女",
            Self::Male => "男",
            Self::Other => "その他",
            Self::Unknown => "不明",
        }
    }
}

/// A postal address.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// 郵便番号 as sent.
    pub postcode: Redacted<String>,
    /// The whole address.
    pub text: Redacted<String>,
    /// `H` home, `B` work and the like (table 0190).
    pub purpose: String,
}

/// A telephone number or mail address.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// The number as sent.
    pub number: Redacted<String>,
    /// `PRN` home, `WPN` work and the like (table 0201).
    pub purpose: String,
    /// `PH`, `CP`, `FX`, `Internet` (table 0202).
    pub equipment: String,
}

/// An insurance or a public support (公費).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insurance {
    /// 保険種別 (JHSD0001).
    pub plan: super::Code,
    /// 保険者番号 or 負担者番号.
    pub insurer: Redacted<String>,
    /// The insurer's name.
    pub insurer_name: String,
    /// 記号; for public support the 受給者番号.
    pub symbol: Redacted<String>,
    /// 番号
    pub number: Redacted<String>,
    /// 枝番
    pub branch: Redacted<String>,
    /// First and last day.
    pub from: Option<Date>,
    /// See [`Insurance::from`].
    pub to: Option<Date>,
    /// 本人 or 家族 (IN1-17).
    pub relation: super::Code,
}

impl Insurance {
    fn shown_number(&self) -> String {
        let parts = [&self.insurer, &self.symbol, &self.number, &self.branch];
        let parts: Vec<&str> =
            parts.iter().map(|part| part.expose().as_str()).filter(|part| !part.is_empty()).collect();
        parts.join(" / ")
    }
}

/// Somebody beside the patient (NK1).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Name, if any.
    pub name: Option<PersonName>,
    /// 続柄 (table 0063); `SEL` carries the patient's own workplace.
    pub relation: super::Code,
    /// Telephone numbers.
    pub phones: Vec<Phone>,
    /// 勤務先
    pub workplace: Redacted<String>,
}

silent!(Patient, PersonName, Address, Phone, Insurance, Contact);
