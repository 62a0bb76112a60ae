//! Laboratory items with JLAC10 codes, units and reference ranges, and how their values come about.
//!
//! Values are whole numbers scaled by `decimals`: floating point would differ between machines.
use super::illness::Illness;
use super::moment::months;
use super::people::Person;
use super::stream::{Source, Stream};
use protocol::time::Date;

/// 検体 and the order group that its items are requested under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Specimen {
    Serum,
    Blood,
    Plasma,
}

impl Specimen {
    /// JLAC10 material, for SPM-4.
    pub(crate) fn material(self) -> &'static str {
        match self {
            Self::Serum => "023^血清^JC10",
            Self::Blood => "019^全血(添加物入り)^JC10",
            Self::Plasma => "022^血漿^JC10",
        }
    }
    /// Group, for OBR-4 (JAHIS IOB table).
    pub(crate) fn group(self) -> &'static str {
        match self {
            Self::Serum => "E002^生化学的検査^99O03",
            Self::Blood => "E001^血液学的検査^99O03",
            Self::Plasma => "E003^凝固検査^99O03",
        }
    }
}

/// One item.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// The house's own code and short name.
    pub(crate) local: &'static str,
    /// Unit as `code^text^ISO+`.
    pub(crate) unit: &'static str,
    pub(crate) decimals: usize,
    pub(crate) low: i32,
    pub(crate) high: i32,
    /// Below and above: LL, HH.
    pub(crate) panic: (i32, i32),
    pub(crate) specimen: Specimen,
}

/// How an illness moves an item, at full severity.
#[derive(Debug)]
pub(crate) struct Shift {
    pub(crate) item: &'static Item,
    pub(crate) by: i32,
    pub(crate) course: Course,
}

/// What becomes of a shift over the years.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Course {
    /// Treatment takes two thirds of it away in a year and a half.
    Settles,
    /// A tenth more of it every year.
    Worsens,
}

impl Item {
    /// What `person` had in this item on `date`, with something acute in so many hundredths of its full strength.
    pub(crate) fn value(
        &'static self,
        person: &Person,
        acute: Option<(&Illness, i32)>,
        date: Date,
        source: Source,
        noise: &mut Stream,
    ) -> i32 {
        let width = (self.high - self.low).max(4);
        let own = source.stream("lab base", self.code, u64::from(person.number)).between(25, 70) as i32;
        let mut value = self.low + width * own / 100;
        for ailment in person.ailments.iter().filter(|ailment| ailment.onset <= date) {
            for shift in ailment.illness.shifts.iter().filter(|shift| std::ptr::eq(shift.item, self)) {
                let since = months(ailment.onset, date).min(240) as i32;
                let share = match shift.course {
                    Course::Settles => 100 - since.min(18) * 67 / 18,
                    Course::Worsens => 60 + since * 10 / 12,
                };
                value += shift.by * ailment.severity / 100 * share / 100;
            }
        }
        if let Some((illness, share)) = acute {
            value += illness
                .shifts
                .iter()
                .filter(|shift| std::ptr::eq(shift.item, self))
                .map(|s| s.by * share / 100)
                .sum::<i32>();
        }
        let spread = (width / 6).max(1);
        (value + noise.between(0, 2 * spread as u32) as i32 - spread).max(0)
    }
    /// The value as OBX-5 writes it.
    pub(crate) fn text(&self, value: i32) -> String {
        if self.decimals == 0 {
            return value.to_string();
        }
        let scale = 10i32.pow(self.decimals as u32);
        format!("{}.{:0width$}", value / scale, value % scale, width = self.decimals)
    }
    /// Reference range of OBX-7.
    pub(crate) fn range(&self) -> String {
        format!("{}-{}", self.text(self.low), self.text(self.high))
    }
    /// 異常フラグ of OBX-8.
    pub(crate) fn flag(&self, value: i32) -> &'static str {
        match value {
            v if v <= self.panic.0 => "LL",
            v if v >= self.panic.1 => "HH",
            v if v < self.low => "L",
            v if v > self.high => "H",
            _ => "",
        }
    }
}

const NEVER: (i32, i32) = (-1, i32::MAX);

macro_rules! items {
    ($($id:ident = $code:literal, $name:literal, $local:literal, $unit:literal, $decimals:literal, $low:literal..$high:literal,
       $panic:expr, $specimen:ident;)*) => {
        $(pub(crate) static $id: Item = Item {
            code: $code, name: $name, local: $local, unit: $unit, decimals: $decimals, low: $low, high: $high,
            panic: $panic, specimen: Specimen::$specimen,
        };)*
        /// Every item.
        #[cfg(test)]
        pub(crate) static ALL: &[&Item] = &[$(&$id,)*];
    };
}

items! {
    TP = "3A010000002327101", "総蛋白", "10222^ＴＰ", "g/dL^g/dL^ISO+", 1, 66..81, NEVER, Serum;
    ALB = "3A015000002327101", "アルブミン", "10223^ＡＬＢ", "g/dL^g/dL^ISO+", 1, 41..51, NEVER, Serum;
    AST = "3B035000002327201", "AST", "10207^ＧＯＴ", "u/L^U/L^ISO+", 0, 13..30, (-1, 500), Serum;
    ALT = "3B045000002327201", "ALT", "10208^ＧＰＴ", "u/L^U/L^ISO+", 0, 10..42, (-1, 500), Serum;
    LDH = "3B050000002327201", "LD", "10209^ＬＤＨ", "u/L^U/L^ISO+", 0, 124..222, NEVER, Serum;
    BUN = "3C025000002327201", "尿素窒素", "10230^ＢＵＮ", "mg/dL^mg/dL^ISO+", 1, 80..200, (-1, 800), Serum;
    CRE = "3C015000002327101", "クレアチニン", "10231^ＣＲＥ", "mg/dL^mg/dL^ISO+", 2, 46..107, (-1, 600), Serum;
    EGFR = "8A065000002391901", "推算ＧＦＲ", "10232^ｅＧＦＲ", "mL/min/1.73m*2^mL/min/1.73m2^ISO+", 1, 600..1200, NEVER, Serum;
    UA = "3C020000002327101", "尿酸", "10233^ＵＡ", "mg/dL^mg/dL^ISO+", 1, 26..78, NEVER, Serum;
    NA = "3H010000002326101", "ナトリウム", "10300^Ｎａ", "meq/L^mEq/L^ISO+", 0, 138..145, (120, 160), Serum;
    K = "3H015000002326101", "カリウム", "10301^Ｋ", "meq/L^mEq/L^ISO+", 1, 36..48, (25, 60), Serum;
    CL = "3H020000002326101", "クロール", "10302^Ｃｌ", "meq/L^mEq/L^ISO+", 0, 101..108, NEVER, Serum;
    CA = "3H030000002327101", "カルシウム", "10303^Ｃａ", "mg/dL^mg/dL^ISO+", 1, 88..101, NEVER, Serum;
    GLU = "3D010000002227201", "血糖", "10400^ＧＬＵ", "mg/dL^mg/dL^ISO+", 0, 73..109, (50, 500), Plasma;
    HBA1C = "3D046000001906202", "ヘモグロビンＡ１ｃ(NGSP)", "10401^ＨｂＡ１ｃ", "%^％^ISO+", 1, 49..60, (-1, 140), Blood;
    LDL = "3F077000002327101", "ＬＤＬコレステロール", "10410^ＬＤＬ", "mg/dL^mg/dL^ISO+", 0, 65..139, NEVER, Serum;
    HDL = "3F070000002327101", "ＨＤＬコレステロール", "10411^ＨＤＬ", "mg/dL^mg/dL^ISO+", 0, 40..90, NEVER, Serum;
    TG = "3F015000002327101", "中性脂肪", "10412^ＴＧ", "mg/dL^mg/dL^ISO+", 0, 40..149, (-1, 1000), Serum;
    CRP = "5C070000002306201", "CRP", "10500^ＣＲＰ", "mg/dL^mg/dL^ISO+", 2, 0..14, NEVER, Serum;
    TSH = "4A055000002305102", "ＴＳＨ", "10510^ＴＳＨ", "uIU/mL^μIU/mL^ISO+", 2, 50..500, NEVER, Serum;
    FT4 = "4B035000002305102", "遊離サイロキシン", "10511^ＦＴ４", "ng/dL^ng/dL^ISO+", 2, 90..170, NEVER, Serum;
    BNP = "4Z271000002205102", "ＢＮＰ", "10520^ＢＮＰ", "pg/mL^pg/mL^ISO+", 1, 0..184, NEVER, Plasma;
    PTINR = "2B030000002231157", "ＰＴ−ＩＮＲ", "10530^ＩＮＲ", "(inr)^INR^ISO+", 2, 90..110, (-1, 500), Plasma;
    WBC = "2A990000001930952", "白血球数", "10601^ＷＢＣ", "/uL^/μL^ISO+", 0, 3300..8600, (1500, 20000), Blood;
    RBC = "2A990000001930951", "赤血球数", "10602^ＲＢＣ", ".10*4/uL^×10\\S\\4/μL^ISO+", 0, 386..555, NEVER, Blood;
    HB = "2A990000001930953", "ヘモグロビン", "10603^ＨＧＢ", "g/dL^g/dL^ISO+", 1, 116..168, (60, 200), Blood;
    HT = "2A990000001930954", "ヘマトクリット", "10604^ＨＣＴ", "%^％^ISO+", 1, 351..501, NEVER, Blood;
    PLT = "2A990000001930955", "血小板数", "10605^ＰＬＴ", ".10*4/uL^×10\\S\\4/μL^ISO+", 1, 158..348, (50, 1000), Blood;
}

/// What nearly every blood test has.
pub(crate) static BASIC: &[&Item] = &[&AST, &ALT, &BUN, &CRE, &EGFR, &NA, &K, &CL];
/// Blood count.
pub(crate) static COUNT: &[&Item] = &[&WBC, &RBC, &HB, &HT, &PLT];
/// What a stay adds.
pub(crate) static WARD: &[&Item] = &[&TP, &ALB, &LDH, &CA, &CRP];
