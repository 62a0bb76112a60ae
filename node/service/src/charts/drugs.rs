use super::Read;
use protocol::time::Date;
use records::hl7::Stamp;
use records::model::{Clinical, Drug, DrugGroup, DrugSystem, Prescription, Stage};
use std::collections::BTreeMap;

/// One ingredient (成分) with all that is known of its supplies.
pub struct Ingredient<P> {
    /// Its name: of the product without strength, form and maker.
    pub name: String,
    /// One line for each house that prescribed it or gave it out.
    pub lines: Vec<DrugLine<P>>,
    /// Days for which two houses prescribed it, or two gave it out.
    pub doubles: Vec<Span>,
    /// Days for which one house supplied it twice, beyond an early refill.
    pub overlaps: Vec<Span>,
    /// Days between two supplies without any.
    pub gaps: Vec<Span>,
}

/// What one house did.
pub struct DrugLine<P> {
    /// Which house.
    pub place: usize,
    /// Prescribed or given out.
    pub kind: SupplyKind,
    /// Oldest first.
    pub supplies: Vec<Supply<P>>,
}

/// Whether a house prescribed or gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SupplyKind {
    /// 処方
    Prescribed,
    /// 調剤
    Dispensed,
}

/// One supply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supply<P> {
    /// In which record: the usage as it was sent stands there.
    pub path: P,
    /// The product as sent.
    pub product: String,
    /// Amount of one dose.
    pub dose: String,
    /// How it is taken, as sent.
    pub usage: String,
    /// First day.
    pub from: Date,
    /// Number of days; none: taken when needed, or not told.
    pub days: Option<u32>,
}

impl<P> Supply<P> {
    /// First day without it; none if its days are not told.
    pub fn end(&self) -> Option<Date> {
        self.from.plus_days(i32::try_from(self.days?).ok()?)
    }
}

/// Days from the first to the one before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First day.
    pub from: Date,
    /// First day after it.
    pub to: Date,
}

impl<P> Ingredient<P> {
    /// All supplies of all houses.
    pub fn supplies(&self) -> impl Iterator<Item = &Supply<P>> {
        self.lines.iter().flat_map(|line| &line.supplies)
    }
    /// First day without it, as far as told.
    pub fn end(&self) -> Option<Date> {
        self.supplies().filter_map(Supply::end).max()
    }
    /// Whether it is taken on this day, as far as told: in a supply, or given to be taken when needed lately.
    pub fn is_current(&self, today: Date) -> bool {
        let lately = |supply: &Supply<P>| {
            supply.days.is_none() && supply.from.plus_days(AS_NEEDED_DAYS).is_some_and(|end| end >= today)
        };
        self.end().is_some_and(|end| end >= today) || self.supplies().any(lately)
    }
    /// Whether two houses prescribe it for this day, or two give it out.
    pub fn is_double(&self, today: Date) -> bool {
        self.doubles.iter().any(|span| span.to >= today)
    }
}

/// All ingredients that were prescribed or given out, those that end last first. Products are one ingredient if their YJ codes
/// begin alike (効能・投与経路・成分) or their names do up to strength and form; a brand name without a code stays apart.
pub fn drugs<P: Copy + PartialEq>(reads: &[Read<P>]) -> Vec<Ingredient<P>> {
    let mut groups: Vec<Group<P>> = Vec::new();
    let mut orders: BTreeMap<(usize, &str), Stage> = BTreeMap::new();
    let prescriptions = || {
        reads.iter().filter_map(|read| match &read.clinical {
            Clinical::Prescription(one) if one.stage != Stage::Cancelled => Some((read, one.as_ref())),
            _ => None,
        })
    };
    for (read, one) in prescriptions().filter(|(_, one)| !one.order.is_empty()) {
        let stage = orders.entry((read.place, one.order.as_str())).or_insert(one.stage);
        *stage = (*stage).min(one.stage);
    }
    // Of an order and its performance at one house only the order counts.
    let counts = |read: &Read<P>, one: &Prescription| {
        orders.get(&(read.place, one.order.as_str())).is_none_or(|stage| *stage == one.stage)
    };
    for (read, one) in prescriptions().filter(|(read, one)| counts(read, one)) {
        for group in &one.groups {
            for drug in group.drugs.iter().filter(|drug| !matches!(drug.status.code.as_str(), "NA" | "RE")) {
                let at = group_of(&mut groups, drug);
                groups[at].add(read, supply(read, one, group, drug));
            }
        }
    }
    let mut all: Vec<Ingredient<P>> = groups.into_iter().map(Group::ingredient).collect();
    all.sort_by(|a, b| b.end().cmp(&a.end()).then_with(|| a.name.cmp(&b.name)));
    all
}

/// Products that were found to be one ingredient.
struct Group<P> {
    name: String,
    yj: Option<String>,
    lines: BTreeMap<(SupplyKind, usize), Vec<Supply<P>>>,
}

impl<P: Copy + PartialEq> Group<P> {
    fn add(&mut self, read: &Read<P>, supply: Supply<P>) {
        let kind = if read.is_pharmacy { SupplyKind::Dispensed } else { SupplyKind::Prescribed };
        let line = self.lines.entry((kind, read.place)).or_default();
        if !line.contains(&supply) {
            line.push(supply);
        }
    }
    fn ingredient(mut self) -> Ingredient<P> {
        for supplies in self.lines.values_mut() {
            supplies.sort_by_key(|supply| supply.from);
        }
        let (mut doubles, mut overlaps) = (Vec::new(), Vec::new());
        for (index, ((kind, _), supplies)) in self.lines.iter().enumerate() {
            let others = self.lines.iter().skip(index + 1).filter(|((other, _), _)| other == kind);
            for (_, other) in others {
                doubles.extend(pairs(supplies, other).filter(|span| days(*span) >= DOUBLE_DAYS_MIN));
            }
            let twice = (0..supplies.len()).flat_map(|at| pairs(&supplies[at..=at], &supplies[at + 1..]));
            overlaps.extend(twice.filter(|span| days(*span) >= OVERLAP_DAYS_MIN));
        }
        let gaps = gaps(self.lines.values().flatten());
        let lines = self.lines.into_iter().map(|((kind, place), supplies)| DrugLine { place, kind, supplies });
        Ingredient {
            name: self.name,
            lines: lines.collect(),
            doubles: joined(doubles),
            overlaps: joined(overlaps),
            gaps,
        }
    }
}

fn group_of<P>(groups: &mut Vec<Group<P>>, drug: &Drug) -> usize {
    let (name, yj) = (stem(drug.code.shown()), yj(drug));
    let same = |group: &Group<P>| group.name == name || (yj.is_some() && group.yj == yj);
    if let Some(at) = groups.iter().position(same) {
        groups[at].yj = groups[at].yj.take().or(yj);
        return at;
    }
    groups.push(Group { name, yj, lines: BTreeMap::new() });
    groups.len() - 1
}

fn supply<P: Copy>(read: &Read<P>, one: &Prescription, group: &DrugGroup, drug: &Drug) -> Supply<P> {
    let start = group.usage.start.as_ref().or(one.at.as_ref()).and_then(Stamp::date);
    let days = group.usage.days.parse().ok().filter(|days| (1..=SUPPLY_DAYS_MAX).contains(days));
    Supply {
        path: read.path,
        product: plain(drug.code.shown()),
        dose: drug.dose.shown(),
        usage: group.usage.shown(),
        from: start.unwrap_or_else(|| read.day()),
        days: days.filter(|_| group.usage.times.is_empty()),
    }
}

/// The first seven characters of a YJ code: 薬効分類 and 投与経路・成分.
fn yj(drug: &Drug) -> Option<String> {
    let other = drug.code.other.as_ref();
    let codes = [Some((&drug.code.code, &drug.code.system)), other.map(|other| (&other.code, &other.system))];
    let found = codes.into_iter().flatten().find(|(code, label)| DrugSystem::of(code, label) == DrugSystem::Yj);
    found.and_then(|(code, _)| code.get(..7)).map(str::to_owned)
}

/// A product's name up to its strength and form: `アムロジピンＯＤ錠２．５ｍｇ「見本」` → `アムロジピン`.
fn stem(name: &str) -> String {
    let name = plain(name);
    let name = name.strip_prefix("【般】").unwrap_or(&name);
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '%');
    let word = name.find(|c| !is_number(c)).unwrap_or(name.len());
    let digit = name[word..].find(|c: char| c.is_ascii_digit() || c == '「').map(|at| word + at).filter(|at| *at > 0);
    let form = FORMS.iter().filter_map(|form| name.find(form)).filter(|at| *at > 0).min();
    let end = [digit, form].into_iter().flatten().min().unwrap_or(name.len());
    let stem = name[..end].trim();
    let stem = SALTS.iter().find_map(|salt| stem.strip_suffix(salt)).filter(|rest| !rest.is_empty()).unwrap_or(stem);
    if stem.is_empty() { name.to_owned() } else { stem.to_owned() }
}

/// With letters and figures of half width, as drug names are compared and read.
fn plain(name: &str) -> String {
    let half = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    };
    name.trim().chars().map(half).collect()
}

/// Days that a supply of one and a supply of the other share.
fn pairs<'a, P>(one: &'a [Supply<P>], other: &'a [Supply<P>]) -> impl Iterator<Item = Span> + 'a {
    one.iter().flat_map(move |a| {
        other.iter().filter_map(move |b| {
            let (from, to) = (a.from.max(b.from), a.end()?.min(b.end()?));
            (from < to).then_some(Span { from, to })
        })
    })
}

/// Days without any supply between the first and the last.
fn gaps<'a, P: 'a>(supplies: impl Iterator<Item = &'a Supply<P>>) -> Vec<Span> {
    let spans = supplies.filter_map(|supply| Some(Span { from: supply.from, to: supply.end()? }));
    let covered = joined(spans.collect());
    let between = covered.windows(2).map(|pair| Span { from: pair[0].to, to: pair[1].from });
    between.filter(|span| (GAP_DAYS_MIN..=GAP_DAYS_MAX).contains(&days(*span))).collect()
}

/// Spans that touch become one.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut out: Vec<Span> = Vec::new();
    for span in spans {
        match out.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            _ => out.push(span),
        }
    }
    out
}

fn days(span: Span) -> u32 {
    (1..=SUPPLY_DAYS_MAX)
        .find(|n| i32::try_from(*n).ok().and_then(|n| span.from.plus_days(n)) >= Some(span.to))
        .unwrap_or(SUPPLY_DAYS_MAX)
}

impl Span {
    /// How many days.
    pub fn days(self) -> u32 {
        days(self)
    }
}

/// Longest supply that is believed: a year and a little. More is a slip of the pen and drawn without an end.
const SUPPLY_DAYS_MAX: u32 = 400;
/// Two houses prescribe for the same days from this many days on; fewer are the change from one house to the other.
const DOUBLE_DAYS_MIN: u32 = 4;
/// One house supplies twice from this many days on; fewer are an early visit.
const OVERLAP_DAYS_MIN: u32 = 8;
/// A patient is without from this many days on; fewer were left over.
const GAP_DAYS_MIN: u32 = 5;
/// Above this it was stopped and begun again.
const GAP_DAYS_MAX: u32 = 60;
/// How long a drug that is taken when needed counts as current.
const AS_NEEDED_DAYS: i32 = 30;
/// Words with which the form of a product begins.
const FORMS: [&str; 22] = [
    "OD錠",
    "錠",
    "カプセル",
    "細粒",
    "顆粒",
    "ドライシロップ",
    "シロップ",
    "散",
    "内用液",
    "内服液",
    "テープ",
    "パップ",
    "パッチ",
    "軟膏",
    "クリーム",
    "ローション",
    "点眼液",
    "点鼻液",
    "吸入",
    "坐剤",
    "注",
    "配合",
];
/// Salts of one ingredient.
const SALTS: [&str; 7] = ["塩酸塩", "ベシル酸塩", "フマル酸塩", "マレイン酸塩", "コハク酸塩", "酒石酸塩", "メシル酸塩"];

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::time::Millis;
    use records::model::{Code, Usage};

    fn day(text: &str) -> Date {
        Date::parse(text).expect("a date")
    }
    fn read(place: usize, product: &str, from: &str, days: &str) -> Read<usize> {
        let code = Code { text: product.into(), ..Code::default() };
        let usage = Usage { days: days.into(), ..Usage::default() };
        let group = DrugGroup { drugs: vec![Drug { code, ..Drug::default() }], usage, ..DrugGroup::default() };
        let clinical =
            Clinical::Prescription(Box::new(Prescription { groups: vec![group], ..Prescription::default() }));
        Read { place, path: place, date: Some(day(from)), made_at: Millis(0), is_pharmacy: place == 9, clinical }
    }
    #[track_caller]
    fn check(product: &str, expect: &str) {
        assert_eq!(stem(product), expect, "{product}");
    }

    #[test]
    fn a_product_is_known_by_its_ingredient() {
        check("アムロジピンＯＤ錠２．５ｍｇ「見本」", "アムロジピン");
        check("【般】アムロジピン錠5mg", "アムロジピン");
        check("ビソプロロールフマル酸塩錠２．５ｍｇ", "ビソプロロール");
        check("酸化マグネシウム錠330mg", "酸化マグネシウム");
        check("10%食塩注", "10%食塩");
        check("錠剤", "錠剤");
        check("", "");
    }
    #[test]
    fn two_houses_for_the_same_days_are_a_double_and_a_pharmacy_that_gives_it_out_is_none() {
        let all = drugs(&[
            read(0, "アムロジピン錠５ｍｇ", "20260401", "28"),
            read(1, "アムロジピンOD錠2.5mg", "20260420", "28"),
            read(9, "アムロジピン錠5mg", "20260401", "28"),
        ]);
        assert_eq!((all.len(), all[0].lines.len()), (1, 3));
        assert_eq!(all[0].doubles, [Span { from: day("20260420"), to: day("20260429") }]);
        assert_eq!(all[0].doubles[0].days(), 9);
        assert!(all[0].overlaps.is_empty());
    }
    #[test]
    fn gaps_and_early_refills_are_told_apart() {
        let all = drugs(&[
            read(0, "フロセミド錠20mg", "20260401", "28"),
            read(0, "フロセミド錠40mg", "20260506", "14"),
            read(0, "フロセミド錠40mg", "20260510", "14"),
        ]);
        assert_eq!(all[0].gaps, [Span { from: day("20260429"), to: day("20260506") }]);
        assert_eq!(all[0].overlaps, [Span { from: day("20260510"), to: day("20260520") }]);
        assert!(all[0].is_current(day("20260524")) && !all[0].is_current(day("20260525")));
    }
    #[test]
    fn numbers_of_days_out_of_all_reason_have_no_end() {
        for days in ["", "0", "-3", "99999999999", "1000", "x"] {
            let all = drugs(&[read(0, "フロセミド錠20mg", "20260401", days)]);
            assert_eq!(all[0].supplies().next().and_then(Supply::end), None, "{days}");
        }
        let all = drugs(&[read(0, "フロセミド錠20mg", "99991231", "28")]);
        assert_eq!(all[0].end(), None);
    }
}
