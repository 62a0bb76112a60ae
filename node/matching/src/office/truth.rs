//! What is known to be true about records, to judge decisions by; linking itself never sees it.
use super::load::Loaded;
use super::table::{Table, TableError};
use crate::link::blocks::Sides;
use std::collections::BTreeMap;

/// Why a truth cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TruthError {
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Neither of the two shapes.
    #[error("columns `record_id, person_id` or `left, right` are needed; the table has: {0}")]
    Columns(String),
    /// None of its records is in the tables.
    #[error("none of its records is in the tables")]
    Strange,
}

/// Who is who.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// Person of each entry; 0 is unknown, and is nobody else.
    person: Vec<u32>,
    household: Vec<u32>,
    twins: Vec<u32>,
    strangers: Vec<u32>,
    /// Pairs of one person that are asked for.
    pub pairs: u64,
}

/// Who was linked wrongly with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Twins.
    Twin,
    /// Members of one household.
    Household,
    /// Strangers of one name and birth date.
    Stranger,
    /// People who have nothing to do with each other.
    Unrelated,
}

impl Truth {
    /// Reads `record_id, person_id [, household_id, twin_group, stranger_group]`, or pairs `left, right`.
    ///
    /// # Errors
    /// [`TruthError`].
    pub fn read(text: &str, loaded: &Loaded) -> Result<Self, TruthError> {
        let mut table = Table::open(text)?;
        let place = |name: &str| table.header.iter().position(|column| column == name);
        let truth = match (place("record_id"), place("person_id"), place("left"), place("right")) {
            (Some(id), Some(person), ..) => {
                let others = ["household_id", "twin_group", "stranger_group"].map(place);
                Self::of_persons(&mut table, loaded, (id, person), others)?
            }
            (.., Some(left), Some(right)) => Self::of_pairs(&mut table, loaded, (left, right))?,
            _ => return Err(TruthError::Columns(table.header.join(", "))),
        };
        if truth.person.iter().all(|person| *person == 0) {
            return Err(TruthError::Strange);
        }
        Ok(truth)
    }

    /// Whether two entries are one person.
    pub fn same(&self, a: u32, b: u32) -> bool {
        shares(&self.person, a, b)
    }
    /// What kind of mistake linking two entries is.
    pub fn mistake(&self, a: u32, b: u32) -> Mistake {
        match () {
            () if shares(&self.twins, a, b) => Mistake::Twin,
            () if shares(&self.household, a, b) => Mistake::Household,
            () if shares(&self.strangers, a, b) => Mistake::Stranger,
            () => Mistake::Unrelated,
        }
    }

    fn of_persons(
        table: &mut Table<'_>,
        loaded: &Loaded,
        (id, person): (usize, usize),
        others: [Option<usize>; 3],
    ) -> Result<Self, TruthError> {
        let mut groups = [const { Vec::new() }; 4];
        groups.iter_mut().for_each(|group: &mut Vec<u32>| group.resize(loaded.len(), 0));
        let mut numbers = [const { BTreeMap::<String, u32>::new() }; 4];
        let (mut row, columns) = (Vec::new(), [Some(person), others[0], others[1], others[2]]);
        while table.next(&mut row)? {
            let name = row[id].trim();
            for at in [loaded.find(name, true), loaded.find(name, false)].into_iter().flatten() {
                for ((group, numbers), column) in groups.iter_mut().zip(&mut numbers).zip(columns) {
                    let value = column.map_or("", |column| row[column].trim());
                    if !value.is_empty() {
                        let next = numbers.len() as u32 + 1;
                        group[at as usize] = *numbers.entry(value.to_owned()).or_insert(next);
                    }
                }
            }
        }
        let [person, household, twins, strangers] = groups;
        let pairs = count(&person, loaded.linker.sides);
        Ok(Self { person, household, twins, strangers, pairs })
    }

    /// Pairs joined to persons: what one pair says of A and B, and another of B and C, holds for A and C.
    fn of_pairs(table: &mut Table<'_>, loaded: &Loaded, (left, right): (usize, usize)) -> Result<Self, TruthError> {
        let (mut row, mut parent): (_, Vec<u32>) = (Vec::new(), (0..loaded.len() as u32).collect());
        let root = |parent: &[u32], mut at: u32| {
            while parent[at as usize] != at {
                at = parent[at as usize];
            }
            at
        };
        let mut named = vec![false; loaded.len()];
        while table.next(&mut row)? {
            if let (Some(a), Some(b)) = (loaded.find(row[left].trim(), true), loaded.find(row[right].trim(), false)) {
                let (x, y) = (root(&parent, a), root(&parent, b));
                parent[x.max(y) as usize] = x.min(y);
                (named[a as usize], named[b as usize]) = (true, true);
            }
        }
        let person: Vec<u32> =
            (0..loaded.len() as u32).map(|at| if named[at as usize] { root(&parent, at) + 1 } else { 0 }).collect();
        let none = vec![0; loaded.len()];
        let pairs = count(&person, loaded.linker.sides);
        Ok(Self { person, household: none.clone(), twins: none.clone(), strangers: none, pairs })
    }
}

fn shares(group: &[u32], a: u32, b: u32) -> bool {
    let of = |at: u32| group.get(at as usize).copied().unwrap_or(0);
    of(a) != 0 && of(a) == of(b)
}

fn count(person: &[u32], sides: Sides) -> u64 {
    let border = if let Sides::Two(border) = sides { border as usize } else { 0 };
    let mut seen: Vec<(u32, bool)> = person.iter().enumerate().map(|(at, p)| (*p, at < border)).collect();
    seen.retain(|(person, _)| *person != 0);
    seen.sort_unstable();
    let blocks = seen.chunk_by(|a, b| a.0 == b.0);
    let of_block = |block: &[(u32, bool)]| {
        let (all, left) = (block.len() as u64, block.iter().filter(|(_, left)| *left).count() as u64);
        if border == 0 { all * (all - 1) / 2 } else { left * (all - left) }
    };
    blocks.map(of_block).sum()
}
