//! Which pairs are looked at (blocking): those that share a key, where each key survives other errors than the rest.
//!
//! A block of n entries costs n² comparisons, so a block above [`BLOCK_MAX`] is split by one more field, and again; what is
//! still too large when the fields end is not looked at, and counted in [`Blocked`].
use super::entry::{Entry, Kind, Vocabulary, Writing};
use super::interner::{hash, mix};
use std::ops::Range;

/// Entries of a block whose pairs are all looked at.
pub const BLOCK_MAX: usize = 200;

/// What became of the blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocked {
    /// Blocks above [`BLOCK_MAX`] that were split by a further field.
    pub refined: u64,
    /// Blocks that no field could split; their pairs were looked at only if another key joins them.
    pub refused: u64,
}

impl Blocked {
    /// Adds another count.
    pub fn add(&mut self, other: Self) {
        self.refined += other.refined;
        self.refused += other.refused;
    }
}

/// Which pairs are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Entries before this index against those from it on.
    Two(u32),
    /// Every entry against every other.
    One,
}

/// Entries by key, sorted.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    keys: Vec<(u64, u32)>,
}

/// The ways a block is split: each names the fields, first to last. Several ways make a union.
type Ladders = &'static [&'static [Detail]];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Birth = 1,
    Names = 2,
    KanjiNames = 3,
    Phone = 4,
    Insurance = 5,
    House = 6,
    Card = 7,
    GivenMonth = 8,
    FamilyMonth = 9,
    Coarse = 10,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    Family,
    Given,
    Year,
    MonthDay,
    Sex,
    Postcode,
    GivenKanji,
}

impl Rule {
    fn ladders(self) -> Ladders {
        use Detail::{Family, Given, GivenKanji, MonthDay, Postcode, Sex, Year};
        match self {
            Self::Birth => &[&[Given, Family, Sex, Postcode], &[Family, Given, Sex, Postcode], &[GivenKanji, Postcode]],
            Self::Names | Self::KanjiNames => {
                &[&[Year, MonthDay, Postcode], &[MonthDay, Year, Postcode], &[Postcode, Sex]]
            }
            Self::Phone | Self::Insurance | Self::House => &[&[Given, Year, Family], &[MonthDay, Family, Given]],
            Self::GivenMonth | Self::FamilyMonth => &[&[Postcode]],
            Self::Card => &[&[MonthDay, Given]],
            Self::Coarse => &[],
        }
    }
    fn of(key: u64) -> Self {
        match key >> RULE_SHIFT {
            1 => Self::Birth,
            2 => Self::Names,
            3 => Self::KanjiNames,
            4 => Self::Phone,
            5 => Self::Insurance,
            6 => Self::House,
            7 => Self::Card,
            8 => Self::GivenMonth,
            9 => Self::FamilyMonth,
            _ => Self::Coarse,
        }
    }
    fn key(self, fields: &[u64]) -> u64 {
        let mixed = fields.iter().fold(self as u64, |state, &field| mix(state ^ field));
        (self as u64) << RULE_SHIFT | mixed >> (64 - RULE_SHIFT)
    }
}

impl Detail {
    /// What an entry says here; `None` is unknown, and leaves the block.
    fn of(self, words: &Vocabulary, entry: &Entry) -> Option<u64> {
        let known = |value: u32| (value != 0).then_some(u64::from(value));
        let name = |writing: Writing| known(words.folded(if writing.kana == 0 { writing.kanji } else { writing.kana }));
        match self {
            Self::Family => name(entry.family),
            Self::Given => name(entry.given),
            Self::GivenKanji => known(entry.given.kanji),
            Self::Year => known(entry.birth / 10_000),
            Self::MonthDay => known(entry.birth % 10_000),
            Self::Sex => known(u32::from(entry.sex)),
            Self::Postcode => known(entry.postcode),
        }
    }
}

/// Whether keys of little say are made as well. They find records with errors in several fields, and are affordable only
/// among few records; a block of them that is too large is passed over, not split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coarse {
    /// As for a small list.
    Yes,
    /// As for a region.
    No,
}

impl Coarse {
    /// What so many entries can afford.
    pub fn for_entries(count: usize) -> Self {
        if count <= COARSE_ENTRIES_MAX { Self::Yes } else { Self::No }
    }
}

/// All keys of an entry, each once.
pub fn keys(words: &Vocabulary, entry: &Entry, coarse: Coarse, out: &mut Vec<u64>) {
    out.clear();
    if entry.kind == Kind::Excluded {
        return;
    }
    let mut add = |rule: Rule, fields: &[u64]| {
        if fields.iter().all(|field| *field != 0) {
            out.push(rule.key(fields));
        }
    };
    // The number of a text depends on what came before it; its hash does not.
    let stable = |number: u32| if number == 0 { 0 } else { hash(words.text(number).as_bytes()) | 1 };
    let (birth, month) = (entry.birth, u64::from(entry.birth / 100));
    if birth % 100 != 0 {
        add(Rule::Birth, &[u64::from(birth)]);
    }
    let kana = [words.folded(entry.family.kana), words.folded(entry.given.kana)].map(stable);
    let kanji = [entry.family.kanji, entry.given.kanji].map(stable);
    // Sorted, so that exchanged names meet; a name without a split stands alone.
    for (rule, mut names) in [(Rule::Names, kana), (Rule::KanjiNames, kanji)] {
        names.sort_unstable();
        add(rule, if names[0] == 0 { &names[1..] } else { &names });
    }
    for phone in entry.phones {
        add(Rule::Phone, &[phone]);
    }
    add(Rule::Insurance, &[entry.insurance]);
    add(Rule::House, &[stable(entry.town), entry.block]);
    add(Rule::House, &[u64::from(entry.postcode), entry.block]);
    if let Some(extras) = words.extras(entry)
        && let [first, .., last] = extras.address.as_slice()
    {
        add(Rule::House, &[u64::from(entry.postcode), stable(*first), stable(*last)]);
    }
    add(Rule::Card, &[entry.card]);
    add(Rule::GivenMonth, &[kana[1], month % 100, u64::from(entry.postcode)]);
    add(Rule::FamilyMonth, &[kana[0], u64::from(entry.postcode)]);
    if coarse == Coarse::Yes {
        coarse_keys(words, entry, kana, out);
    }
    out.sort_unstable();
    out.dedup();
}

/// `kana` are the stable numbers of family and given name.
fn coarse_keys(words: &Vocabulary, entry: &Entry, kana: [u64; 2], out: &mut Vec<u64>) {
    let [family, given] = kana;
    let first = |number: u32| words.text(words.folded(number)).chars().next().map_or(0, u64::from);
    let [family_first, given_first] = [first(entry.family.kana), first(entry.given.kana)];
    let (year, month_day) = (u64::from(entry.birth / 10_000), u64::from(entry.birth % 10_000));
    let (month, day, postcode) = (month_day / 100, month_day % 100, u64::from(entry.postcode));
    let mut add = |kind: u64, fields: &[u64]| {
        if fields.iter().all(|field| *field != 0) {
            let fields = fields.iter().fold(kind, |state, field| mix(state ^ field));
            out.push(Rule::Coarse.key(&[fields]));
        }
    };
    add(1, &[given, year]);
    add(2, &[family, year]);
    add(3, &[given, postcode]);
    add(4, &[month_day, postcode]);
    add(5, &[month_day, family_first]);
    add(6, &[month_day, given_first]);
    add(7, &[year, month, given_first, family_first]);
    add(8, &[year, day, given_first, family_first]);
    add(9, &[given, family_first]);
    add(10, &[family, given_first]);
    add(12, &[year, postcode, given_first]);
    if let Some(extras) = words.extras(entry) {
        let mut all: Vec<u64> = extras.address.iter().map(|word| hash(words.text(*word).as_bytes()) | 1).collect();
        all.sort_unstable();
        all.windows(2).for_each(|pair| add(11, pair));
        all.windows(3).for_each(|three| add(13, &[three[0], three[2]]));
    }
}

impl Blocks {
    /// Sorts entries into blocks. Excluded entries are in none.
    pub fn of(words: &Vocabulary, entries: &[Entry]) -> Self {
        let coarse = Coarse::for_entries(entries.len());
        let (mut all, mut own) = (Vec::with_capacity(entries.len() * KEYS_USUAL), Vec::new());
        for (entry, at) in entries.iter().zip(0u32..) {
            keys(words, entry, coarse, &mut own);
            all.extend(own.iter().map(|&key| (key, at)));
        }
        all.sort_unstable();
        Self { keys: all }
    }

    /// All keys with their entries, sorted.
    pub fn keys(&self) -> &[(u64, u32)] {
        &self.keys
    }

    /// The pairs whose first entry lies in `first`, sorted, each once. Pairs are `(a, b)` with `a < b`.
    pub fn pairs(&self, world: World<'_>, first: Range<u32>) -> (Vec<(u32, u32)>, Blocked) {
        let mut walk = Walk { world, first, pairs: Vec::new(), blocked: Blocked::default(), members: Vec::new() };
        for block in self.keys.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
            walk.block(block);
        }
        walk.pairs.sort_unstable();
        walk.pairs.dedup();
        (walk.pairs, walk.blocked)
    }
}

/// What a walk over the blocks reads.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The texts.
    pub words: &'a Vocabulary,
    /// The entries.
    pub entries: &'a [Entry],
    /// Which pairs are wanted.
    pub sides: Sides,
}

struct Walk<'a> {
    world: World<'a>,
    first: Range<u32>,
    pairs: Vec<(u32, u32)>,
    blocked: Blocked,
    members: Vec<u32>,
}

impl Walk<'_> {
    fn block(&mut self, block: &[(u64, u32)]) {
        let mut members = std::mem::take(&mut self.members);
        members.clear();
        members.extend(block.iter().map(|(_, at)| *at));
        if members.len() <= BLOCK_MAX {
            self.emit(&members);
        } else {
            for ladder in Rule::of(block[0].0).ladders() {
                self.refine(&members, ladder);
            }
        }
        self.members = members;
    }

    /// Splits a large block by the first field of the ladder.
    fn refine(&mut self, members: &[u32], ladder: &[Detail]) {
        let Some((detail, rest)) = ladder.split_first() else {
            self.blocked.refused += u64::from(self.first.start == 0);
            return;
        };
        self.blocked.refined += u64::from(self.first.start == 0);
        let (words, entries) = (self.world.words, self.world.entries);
        let value = |at: &u32| entries.get(*at as usize).and_then(|entry| detail.of(words, entry));
        let mut split: Vec<(u64, u32)> = members.iter().filter_map(|at| value(at).map(|v| (v, *at))).collect();
        split.sort_unstable();
        for part in split.chunk_by(|a, b| a.0 == b.0).filter(|part| part.len() > 1) {
            let members: Vec<u32> = part.iter().map(|(_, at)| *at).collect();
            if members.len() <= BLOCK_MAX { self.emit(&members) } else { self.refine(&members, rest) }
        }
    }

    /// `members` are sorted.
    fn emit(&mut self, members: &[u32]) {
        let from = members.partition_point(|at| *at < self.first.start);
        let to = members.partition_point(|at| *at < self.first.end);
        match self.world.sides {
            Sides::One => {
                for (i, &a) in members.iter().enumerate().take(to).skip(from) {
                    self.pairs.extend(members[i + 1..].iter().map(|&b| (a, b)));
                }
            }
            Sides::Two(border) => {
                let right = members.partition_point(|at| *at < border);
                for &a in &members[from.min(right)..to.min(right)] {
                    self.pairs.extend(members[right..].iter().map(|&b| (a, b)));
                }
            }
        }
    }
}

/// Bits of a key below the rule's number.
const RULE_SHIFT: u32 = 58;
/// Keys that an entry usually has.
const KEYS_USUAL: usize = 9;
/// Entries among which coarse keys are affordable.
const COARSE_ENTRIES_MAX: usize = 40_000;
