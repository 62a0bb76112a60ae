//! Illness courses: what people have, since when, what they take for it and which values it moves.
use super::drugs::{self as d, Dose};
use super::labs::{self as l, Course, Item, Shift};
use super::moment::{age, later, months};
use super::stream::Stream;
use protocol::time::Date;

/// 診療科 of table 0069.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Department {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
}

pub(crate) static INTERNAL: Department = Department { code: "01", name: "内科" };
pub(crate) static HEART: Department = Department { code: "08", name: "循環器科" };
pub(crate) static BONES: Department = Department { code: "11", name: "整形外科" };
pub(crate) static DIABETES: Department = Department { code: "73", name: "糖尿病内科" };
pub(crate) static KIDNEY: Department = Department { code: "48", name: "腎臓内科" };
pub(crate) static MIND: Department = Department { code: "02", name: "精神科" };
pub(crate) static NERVES: Department = Department { code: "04", name: "神経内科" };
pub(crate) static LUNGS: Department = Department { code: "45", name: "呼吸器内科" };
pub(crate) static PHARMACISTS: Department = Department { code: "8E", name: "薬剤部" };
pub(crate) static NURSES: Department = Department { code: "8H", name: "看護部" };
pub(crate) static TEETH: Department = Department { code: "90", name: "歯科" };

/// One illness as the generator knows it.
#[derive(Debug)]
pub(crate) struct Illness {
    pub(crate) name: &'static str,
    /// ICD-10 (2013) without the point.
    pub(crate) icd10: &'static str,
    /// 病名管理番号.
    pub(crate) term: &'static str,
    /// 病名交換用コード.
    pub(crate) exchange: &'static str,
    pub(crate) department: &'static Department,
    /// Of a thousand people of 65 and more.
    pub(crate) share: u32,
    /// Days between visits; zero for illnesses that pass.
    pub(crate) interval: u32,
    /// Drugs and the month since onset from which each is taken.
    pub(crate) drugs: &'static [(u32, Dose)],
    pub(crate) items: &'static [&'static Item],
    pub(crate) shifts: &'static [Shift],
    /// An electrocardiogram or an X-ray comes with it.
    pub(crate) exam: Option<Exam>,
    /// Of a thousand visits to a hospital, so many end in a bed.
    pub(crate) admits: u32,
    /// Whether the diagnosis is kept very restricted (PRB-25).
    pub(crate) restricted: bool,
}

/// Examinations beyond blood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exam {
    Electrocardiogram,
    Chest,
    Spine,
}

/// An illness that somebody has.
#[derive(Clone, Debug)]
pub(crate) struct Ailment {
    pub(crate) illness: &'static Illness,
    pub(crate) onset: Date,
    /// 30 to 100.
    pub(crate) severity: i32,
}

impl Ailment {
    /// What is taken for it on `date`.
    pub(crate) fn doses(&self, date: Date) -> impl Iterator<Item = &'static Dose> {
        let since = (self.onset <= date).then(|| months(self.onset, date));
        self.illness
            .drugs
            .iter()
            .filter(move |(from, _)| since.is_some_and(|since| since >= *from))
            .map(|(_, dose)| dose)
    }
}

/// The chronic illnesses of somebody born on `birth`.
pub(crate) fn draw(birth: Date, until: Date, stream: &mut Stream) -> Vec<Ailment> {
    let years = age(birth, until);
    let mut found = Vec::new();
    for illness in CHRONIC {
        let share = match years {
            0..=17 => illness.share / 30,
            18..=39 => illness.share / 8,
            40..=64 => illness.share / 2,
            65..=79 => illness.share,
            _ => illness.share * 5 / 4,
        };
        let back = stream.below((years * 365 / 4).clamp(300, 15 * 365)) + 30;
        let severity = stream.between(30, 100) as i32;
        if stream.permille(share) {
            found.push(Ailment { illness, onset: later(until, -(back as i32)).max(birth), severity });
        }
    }
    found
}
/// Indexes into [`ALLERGIES`]; one person in six has any.
pub(crate) fn allergies(stream: &mut Stream) -> Vec<usize> {
    let mut found = Vec::new();
    if stream.permille(170) {
        let first = stream.below(ALLERGIES.len() as u32) as usize;
        found.push(first);
        if stream.permille(300) {
            found.push((first + 1) % ALLERGIES.len());
        }
    }
    found
}

/// IAM-2, -3, -4, -5.
pub(crate) const ALLERGIES: &[[&str; 4]] = &[
    ["LA^花粉アレルギー^HL70127", "5A1002216023023^スギ^JC10", "MI^軽度^HL70128", "目のかゆみ"],
    ["DA^薬剤アレルギー^HL70127", "1^ペニシリン系^99XYZ", "SV^重度^HL70128", "アナフィラキシー"],
    ["FA^食物アレルギー^HL70127", "5A1002411023006^ソバ^JC10", "MO^中等度^HL70128", "蕁麻疹"],
    ["DA^薬剤アレルギー^HL70127", "103154204^ロキソプロフェンナトリウム錠６０ｍｇ^HOT9", "MO^中等度^HL70128", "発疹"],
    ["FA^食物アレルギー^HL70127", "5A1002432023006^エビ^JC10", "MI^軽度^HL70128", "口腔内違和感"],
    ["MA^種々のアレルギー^HL70127", "2^ヨード造影剤^99XYZ", "MO^中等度^HL70128", "嘔気・発疹"],
];

macro_rules! doses {
    ($($from:literal: $drug:ident $usage:ident $amount:literal),*) => {
        &[$(($from, Dose { drug: &d::$drug, usage: &d::$usage, amount: $amount })),*]
    };
}
macro_rules! shifts {
    ($($item:ident $by:literal $course:ident),*) => { &[$(Shift { item: &l::$item, by: $by, course: Course::$course }),*] };
}
/// A healthy middle, from which each illness differs.
const PLAIN: Illness = Illness {
    name: "",
    icd10: "",
    term: "",
    exchange: "",
    department: &INTERNAL,
    share: 0,
    interval: 0,
    drugs: &[],
    items: &[],
    shifts: &[],
    exam: None,
    admits: 0,
    restricted: false,
};

#[rustfmt::skip]
static CHRONIC: &[Illness] = &[
    Illness { name: "２型糖尿病", icd10: "E119", term: "20064478", exchange: "S0AE", department: &DIABETES, share: 210, interval: 56,
        drugs: doses![0: METFORMIN MORNING_EVENING 1, 8: SITAGLIPTIN MORNING 1, 30: EMPAGLIFLOZIN MORNING 1],
        items: &[&l::GLU, &l::HBA1C, &l::LDL], shifts: shifts![HBA1C 42 Settles, GLU 110 Settles, CRE 20 Worsens], admits: 8, ..PLAIN },
    Illness { name: "本態性高血圧症", icd10: "I10", term: "20061618", exchange: "EJ4L", department: &INTERNAL, share: 480, interval: 70,
        drugs: doses![0: AMLODIPINE MORNING 1, 18: AZILSARTAN MORNING 1], items: &[&l::UA], exam: Some(Exam::Electrocardiogram), ..PLAIN },
    Illness { name: "脂質異常症", icd10: "E785", term: "20081604", exchange: "FU1K", department: &INTERNAL, share: 330, interval: 84,
        drugs: doses![2: ROSUVASTATIN MORNING 1], items: &[&l::LDL, &l::HDL, &l::TG], shifts: shifts![LDL 80 Settles, TG 120 Settles], ..PLAIN },
    Illness { name: "慢性腎臓病ステージＧ３ａ", icd10: "N183", term: "20101174", exchange: "GHS3", department: &KIDNEY, share: 120, interval: 63,
        drugs: doses![6: AZILSARTAN MORNING 1, 40: FUROSEMIDE MORNING 1], items: &[&l::UA, &l::CA],
        shifts: shifts![CRE 90 Worsens, BUN 120 Worsens, K 6 Worsens, HB -18 Worsens], admits: 10, ..PLAIN },
    Illness { name: "骨粗鬆症", icd10: "M8199", term: "20057634", exchange: "TRV9", department: &BONES, share: 190, interval: 84,
        drugs: doses![0: ELDECALCITOL MORNING 1, 4: ALENDRONATE WEEKLY 1], items: &[&l::CA, &l::ALB], exam: Some(Exam::Spine), ..PLAIN },
    Illness { name: "心房細動", icd10: "I489", term: "20060632", exchange: "SU4J", department: &HEART, share: 80, interval: 56,
        drugs: doses![0: BISOPROLOL MORNING 1, 1: APIXABAN MORNING_EVENING 1], items: &[&l::BNP],
        shifts: shifts![BNP 900 Settles], exam: Some(Exam::Electrocardiogram), admits: 12, ..PLAIN },
    Illness { name: "慢性心不全", icd10: "I509", term: "20067218", exchange: "V7UQ", department: &HEART, share: 60, interval: 42,
        drugs: doses![0: FUROSEMIDE MORNING 1, 0: BISOPROLOL MORNING 1], items: &[&l::BNP, &l::ALB],
        shifts: shifts![BNP 3200 Settles, NA -4 Worsens], exam: Some(Exam::Chest), admits: 45, ..PLAIN },
    Illness { name: "僧帽弁置換術後", icd10: "Z952", term: "20091307", exchange: "K2PD", department: &HEART, share: 15, interval: 42,
        drugs: doses![0: WARFARIN MORNING 2], items: &[&l::PTINR], shifts: shifts![PTINR 130 Settles], ..PLAIN },
    Illness { name: "甲状腺機能低下症", icd10: "E039", term: "20058210", exchange: "V0TN", department: &INTERNAL, share: 50, interval: 84,
        drugs: doses![0: LEVOTHYROXINE MORNING 1], items: &[&l::TSH, &l::FT4], shifts: shifts![TSH 900 Settles, FT4 -40 Settles], ..PLAIN },
    Illness { name: "気管支喘息", icd10: "J459", term: "20054471", exchange: "L6TJ", department: &LUNGS, share: 60, interval: 60,
        drugs: doses![0: INHALER INHALE 1], exam: Some(Exam::Chest), admits: 10, ..PLAIN },
    Illness { name: "逆流性食道炎", icd10: "K210", term: "20055231", exchange: "Q0SA", share: 140, interval: 84,
        drugs: doses![0: LANSOPRAZOLE MORNING 1], ..PLAIN },
    Illness { name: "うつ病", icd10: "F329", term: "20050867", exchange: "L2TN", department: &MIND, share: 35, interval: 35,
        drugs: doses![0: SERTRALINE MORNING 2], restricted: true, ..PLAIN },
    Illness { name: "アルツハイマー型認知症", icd10: "G309", term: "20093811", exchange: "C8KA", department: &NERVES, share: 75, interval: 63,
        drugs: doses![0: DONEPEZIL MORNING 1], ..PLAIN },
    Illness { name: "高尿酸血症", icd10: "E790", term: "20057902", exchange: "M6H5", share: 90, interval: 84,
        drugs: doses![1: FEBUXOSTAT MORNING 1], items: &[&l::UA], shifts: shifts![UA 35 Settles], ..PLAIN },
    Illness { name: "変形性腰椎症", icd10: "M4786", term: "20062990", exchange: "Q7RG", department: &BONES, share: 180, interval: 49,
        drugs: doses![0: LOXOPROFEN_TAPE PATCH 1, 0: LOXOPROFEN FOR_PAIN 1], exam: Some(Exam::Spine), ..PLAIN },
    Illness { name: "鉄欠乏性貧血", icd10: "D509", term: "20049711", exchange: "HV4C", share: 60, interval: 56,
        drugs: doses![0: IRON BEDTIME 2], shifts: shifts![HB -45 Settles, HT -110 Settles], ..PLAIN },
    Illness { name: "ドライアイ", icd10: "H041", term: "20083345", exchange: "B6M2", share: 70, interval: 91,
        drugs: doses![0: EYE_DROPS DROPS 1], ..PLAIN },
];

/// A cold: the visit of those who have nothing else.
#[rustfmt::skip]
pub(crate) static COLD: Illness = Illness { name: "急性上気道炎", icd10: "J069", term: "20054283", exchange: "L4ND",
    drugs: doses![0: CARBOCISTEINE THREE_TIMES 1, 0: ACETAMINOPHEN FOR_FEVER 1], items: &[&l::CRP], ..PLAIN };
/// Pneumonia: a bed, drips, chest films.
#[rustfmt::skip]
pub(crate) static PNEUMONIA: Illness = Illness { name: "肺炎", icd10: "J189", term: "20054322", exchange: "KD6E", department: &LUNGS,
    items: &[&l::CRP], shifts: shifts![CRP 1400 Settles, WBC 6000 Settles], exam: Some(Exam::Chest), ..PLAIN };
/// Tooth decay: what dentists see.
#[rustfmt::skip]
pub(crate) static CARIES: Illness = Illness { name: "う蝕症第２度", icd10: "K021", term: "20077124", exchange: "M2QD", department: &TEETH,
    drugs: doses![0: LOXOPROFEN FOR_PAIN 1], ..PLAIN };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_shapes_of_their_masters() {
        for illness in CHRONIC.iter().chain([&COLD, &PNEUMONIA, &CARIES]) {
            assert!(illness.term.len() == 8 && illness.exchange.len() == 4, "{}", illness.name);
            assert!((3..=5).contains(&illness.icd10.len()), "{}", illness.name);
        }
        for drug in d::ALL {
            assert!(drug.hot9.len() == 9 && drug.hot9.starts_with('1') && drug.yj.len() == 12, "{}", drug.name);
            assert!(drug.yj.as_bytes()[7].is_ascii_uppercase(), "{}", drug.name);
        }
        assert!(l::ALL.iter().all(|item| item.code.len() == 17 && item.low < item.high));
    }
}
