//! The shipped weights: what a list starts with, and keeps if it is too small to learn its own. Set by hand on the
//! development set; learning moves them.
use super::levels::{COMPARISONS, Field};
use super::model::{Chances, Story};

/// Chances of one story, as products of what each field says alone; learning breaks the products up.
struct Table {
    story: Story,
    /// 姓: equal, near, different, unknown in kanji; equal, folded, near, different, unknown in kana.
    family: ([f64; 4], [f64; 5]),
    /// 名, likewise.
    given: ([f64; 4], [f64; 5]),
    /// By `BirthLevel`.
    birth: [f64; 9],
    /// Equal, different, unknown.
    sex: [f64; 3],
    /// Equal, nearly, same town, different, unknown.
    address: [f64; 5],
    /// Equal, other landlines, different kinds, other mobile numbers, unknown.
    phone: [f64; 5],
    /// One person's, one family's, other branch, different, unknown.
    insurance: [f64; 5],
    /// Equal, different, unknown.
    card: [f64; 3],
}

/// The shipped table.
pub fn chances() -> Chances {
    let mut chances = Chances::even();
    for table in [SAME, HOUSEHOLD, TWINS, UNRELATED] {
        chances.tables[table.story as usize] = table.spread();
    }
    chances.shares = SHARES;
    chances.derive();
    chances
}

impl Table {
    fn spread(&self) -> [Vec<f64>; COMPARISONS] {
        let name = |(kanji, kana): ([f64; 4], [f64; 5])| -> Vec<f64> {
            kanji.iter().flat_map(|k| kana.iter().map(move |r| k * r)).collect()
        };
        let numbers = self.phone.iter().flat_map(|p| self.insurance.iter().map(move |i| p * i));
        let numbers: Vec<f64> = numbers.collect();
        let home = self.address.iter().flat_map(|a| numbers.iter().map(move |n| a * n)).collect();
        let mut tables: [Vec<f64>; COMPARISONS] = Default::default();
        tables[Field::Family as usize] = name(self.family);
        tables[Field::Given as usize] = name(self.given);
        tables[Field::Birth as usize] = self.birth.to_vec();
        tables[Field::Sex as usize] = self.sex.to_vec();
        tables[Field::Home as usize] = home;
        tables[Field::Card as usize] = self.card.to_vec();
        tables
    }
}

/// Pairs that each story explains, as a share of the records of the smaller side, by [`Story`].
const SHARES: [f64; 5] = [0.5, 1.0, 0.01, 1.0, 0.001];

const SAME: Table = Table {
    story: Story::Same,
    family: ([0.87, 0.01, 0.01, 0.11], [0.95, 0.01, 0.01, 0.01, 0.02]),
    given: ([0.87, 0.01, 0.01, 0.11], [0.95, 0.01, 0.01, 0.01, 0.02]),
    birth: [0.966, 0.01, 0.004, 0.002, 0.002, 0.002, 0.002, 0.006, 0.006],
    sex: [0.975, 0.003, 0.022],
    address: [0.75, 0.02, 0.01, 0.12, 0.1],
    phone: [0.4, 0.13, 0.2, 0.02, 0.25],
    insurance: [0.35, 0.25, 0.005, 0.25, 0.145],
    card: [0.3, 0.003, 0.697],
};
const HOUSEHOLD: Table = Table {
    story: Story::Household,
    family: ([0.85, 0.01, 0.03, 0.11], [0.95, 0.01, 0.01, 0.02, 0.02]),
    given: ([0.002, 0.05, 0.838, 0.11], [0.002, 0.004, 0.02, 0.954, 0.02]),
    birth: [0.0002, 0.01, 0.01, 0.005, 0.05, 0.15, 0.755, 0.02, 0.0001],
    sex: [0.45, 0.53, 0.02],
    address: [0.75, 0.02, 0.01, 0.12, 0.1],
    phone: [0.25, 0.05, 0.3, 0.15, 0.25],
    insurance: [0.01, 0.25, 0.35, 0.25, 0.14],
    card: [0.0002, 0.3, 0.6998],
};
const TWINS: Table = Table {
    story: Story::Twins,
    family: ([0.87, 0.01, 0.01, 0.11], [0.95, 0.01, 0.01, 0.01, 0.02]),
    given: ([0.0005, 0.4, 0.4895, 0.11], [0.001, 0.01, 0.05, 0.919, 0.02]),
    birth: [0.97, 0.01, 0.002, 0.002, 0.002, 0.002, 0.002, 0.006, 0.004],
    sex: [0.65, 0.33, 0.02],
    address: [0.75, 0.02, 0.01, 0.12, 0.1],
    phone: [0.4, 0.13, 0.2, 0.02, 0.25],
    insurance: [0.01, 0.25, 0.35, 0.25, 0.14],
    card: [0.0002, 0.3, 0.6998],
};
const UNRELATED: Table = Table {
    story: Story::Unrelated,
    family: ([0.003, 0.05, 0.847, 0.1], [0.004, 0.002, 0.01, 0.964, 0.02]),
    given: ([0.002, 0.05, 0.848, 0.1], [0.004, 0.002, 0.01, 0.964, 0.02]),
    birth: [0.00004, 0.002, 0.001, 0.0005, 0.01, 0.1, 0.8814, 0.005, 0.00006],
    sex: [0.49, 0.49, 0.02],
    address: [2e-6, 1e-5, 0.001, 0.889, 0.11],
    phone: [1e-6, 0.15, 0.5, 0.1, 0.25],
    insurance: [5e-7, 1e-6, 2e-6, 0.86, 0.14],
    card: [1e-6, 0.3, 0.7],
};
