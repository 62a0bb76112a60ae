//! From links to persons, without chaining strangers together: two groups join only if no member of one contradicts any of the
//! other, and their members agree on average, every pair weighed.
use super::bands::{Decision, Rule, veto};
use super::linker::Linker;
use super::model::MilliBits;
use crate::Grade;
use std::collections::BTreeSet;

/// Records of one person, as far as is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Places of the entries, sorted; at least two.
    pub members: Vec<u32>,
    /// The least weight between two of them that were linked.
    pub weakest: MilliBits,
    /// Links whose loss would split the person.
    pub bridges: u32,
}

/// Pairs that people declared to be different; they never come together, through nobody.
pub type CannotLink = BTreeSet<(u32, u32)>;

/// Gathers certain links to persons, the heaviest link first.
pub fn gather(linker: &Linker, decisions: &[Decision], rule: &Rule) -> Vec<Person> {
    gather_except(linker, decisions, rule, &CannotLink::new())
}

/// As [`gather`], with pairs that must not come together (`(a, b)` with `a < b`).
pub fn gather_except(linker: &Linker, decisions: &[Decision], rule: &Rule, apart: &CannotLink) -> Vec<Person> {
    let mut links: Vec<&Decision> = decisions.iter().filter(|d| d.grade == Grade::Certain).collect();
    links.sort_unstable_by_key(|d| (std::cmp::Reverse(d.pair.weight.total), d.pair.one, d.pair.other));
    let mut group_of: Vec<u32> = (0..linker.entries.len() as u32).collect();
    let mut groups: Vec<Vec<u32>> = (0..linker.entries.len() as u32).map(|at| vec![at]).collect();
    let mut kept: Vec<(u32, u32, MilliBits)> = Vec::new();
    for link in links {
        let (one, other) = (link.pair.one, link.pair.other);
        let (x, y) = (group_of[one as usize], group_of[other as usize]);
        if x != y {
            let (left, right) = (&groups[x as usize], &groups[y as usize]);
            if !may_join(linker, (left, right), rule, apart) {
                continue;
            }
            let moved = std::mem::take(&mut groups[y as usize]);
            moved.iter().for_each(|at| group_of[*at as usize] = x);
            groups[x as usize].extend(moved);
        }
        kept.push((one, other, link.pair.weight.total));
    }
    let mut persons: Vec<Person> = groups.into_iter().filter(|group| group.len() > 1).map(person).collect();
    persons.sort_unstable_by(|a, b| a.members.cmp(&b.members));
    for person in &mut persons {
        person.describe(&kept);
    }
    persons
}

fn person(mut members: Vec<u32>) -> Person {
    members.sort_unstable();
    Person { members, weakest: MilliBits(i32::MAX), bridges: 0 }
}

impl Person {
    fn describe(&mut self, kept: &[(u32, u32, MilliBits)]) {
        let has = |at: u32| self.members.binary_search(&at).is_ok();
        // Small persons, many links: only those of a larger one are searched for bridges.
        if self.members.len() == 2 {
            self.bridges = 1;
        }
        let own: Vec<_> = kept.iter().filter(|_| self.members.len() > 2).filter(|(a, _, _)| has(*a)).collect();
        self.weakest = own.iter().map(|(_, _, weight)| *weight).min().unwrap_or(self.weakest);
        for left_out in 0..own.len() {
            let links: Vec<_> =
                own.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, l)| (l.0, l.1)).collect();
            self.bridges += u32::from(!connected(&self.members, &links));
        }
    }
}

fn connected(members: &[u32], links: &[(u32, u32)]) -> bool {
    let mut reached: BTreeSet<u32> = members.first().copied().into_iter().collect();
    while let Some(next) = links.iter().find_map(|&(a, b)| match (reached.contains(&a), reached.contains(&b)) {
        (true, false) => Some(b),
        (false, true) => Some(a),
        _ => None,
    }) {
        reached.insert(next);
    }
    reached.len() == members.len()
}

/// Whether two groups are one person.
pub(super) fn may_join(linker: &Linker, (left, right): (&[u32], &[u32]), rule: &Rule, apart: &CannotLink) -> bool {
    if left.len() + right.len() > MEMBERS_MAX {
        return false;
    }
    let mut sum = 0i64;
    for &a in left {
        for &b in right {
            let pair = linker.weigh(a, b);
            if apart.contains(&(a.min(b), a.max(b))) || veto(linker, &pair).is_some() {
                return false;
            }
            sum += i64::from(pair.weight.total.0);
        }
    }
    sum / (left.len() * right.len()).max(1) as i64 >= i64::from(rule.probable_min.0)
}

/// Records of one person that are joined without people; more are a hub, not a person.
const MEMBERS_MAX: usize = 50;
