//! To which person one patient belongs: nobody, one, or a question for people.
//!
//! A patient joins at most one person without people, and two persons that were apart stay apart until people say otherwise:
//! so nothing that a rule does chains strangers together. What people declared different never comes together.
use super::bands::{BEHIND_MAX, Decision, Doubt, MARGIN_MAX, Rule, contradiction, veto};
use super::linker::{Linker, Scored};
use super::model::MilliBits;
use super::persons::{CannotLink, may_join};
use crate::Grade;

/// A patient and all who may be the same person.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// Everybody here as entries, in the order of their numbers.
    pub linker: &'a Linker,
    /// The patient.
    pub at: u32,
    /// Who is one person as far as it is settled; every place stands in exactly one of them.
    pub persons: &'a [Vec<u32>],
    /// Whom people declared to be different.
    pub apart: &'a CannotLink,
}

/// What follows for one patient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// The link that is made without people.
    pub link: Option<Decision>,
    /// Pairs that people are asked about, heaviest first; at most one for each person.
    pub ask: Vec<Decision>,
}

/// Decides for one patient.
pub fn place(around: &Around<'_>, rule: &Rule) -> Placed {
    let Some(own) = around.persons.iter().find(|person| person.contains(&around.at)) else { return Placed::default() };
    let best = around.candidates(own, rule);
    let mut decided: Vec<(usize, Decision)> = Vec::new();
    for (person, pair) in best.iter().filter(|(_, pair)| pair.weight.total >= rule.probable_min) {
        let margin = around.margin(&best, (*person, pair), rule);
        let doubt = around.doubt(own, (&around.persons[*person], pair), margin, rule);
        let grade = if doubt.is_none() { Grade::Certain } else { Grade::Probable };
        decided.push((*person, Decision { pair: *pair, grade, margin, doubt }));
    }
    let certain = decided.iter().filter(|(_, decision)| decision.grade == Grade::Certain).count();
    for (person, decision) in decided.iter_mut().filter(|(_, decision)| decision.grade == Grade::Certain) {
        let both_settled = own.len() > 1 && around.persons[*person].len() > 1;
        if certain > 1 || both_settled {
            (decision.grade, decision.doubt) = (Grade::Probable, Some(Doubt::SeveralPersons));
        }
    }
    let link = decided.iter().map(|(_, decision)| *decision).find(|decision| decision.grade == Grade::Certain);
    let ask = decided.into_iter().map(|(_, decision)| decision);
    let ask = ask.filter(|decision| decision.grade == Grade::Probable && decision.margin >= BEHIND_MAX);
    // Who is settled has no further questions but those that a link would have raised anyway.
    let ask = ask.filter(|decision| link.is_none() || decision.doubt == Some(Doubt::SameFacility)).collect();
    Placed { link, ask }
}

/// Whether a link that exists still rests on something, after one of its records changed; if not, what is against it.
pub fn contradicted(linker: &Linker, (one, other): (u32, u32), rule: &Rule) -> Option<Doubt> {
    let pair = linker.weigh(one, other);
    let light = (pair.weight.total < rule.probable_min).then_some(Doubt::Weight);
    contradiction(linker, &pair).or(light)
}

impl Around<'_> {
    /// The heaviest pair with each other person, heaviest first.
    fn candidates(&self, own: &[u32], rule: &Rule) -> Vec<(usize, Scored)> {
        let least = MilliBits(rule.probable_min.0.saturating_sub(rule.margin_min.0));
        let apart = |person: &[u32]| {
            own.iter().any(|a| person.iter().any(|b| self.apart.contains(&((*a).min(*b), (*a).max(*b)))))
        };
        let others = self.persons.iter().enumerate().filter(|(_, person)| !person.contains(&self.at));
        let pairs = others.filter(|(_, person)| !apart(person)).filter_map(|(person, places)| {
            let weighed = places.iter().map(|place| self.linker.weigh(self.at, *place));
            let best = weighed.max_by_key(|pair| (pair.weight.total, std::cmp::Reverse((pair.one, pair.other))))?;
            (best.weight.total >= least).then_some((person, best))
        });
        let mut best: Vec<(usize, Scored)> = pairs.collect();
        best.sort_unstable_by_key(|(_, pair)| (std::cmp::Reverse(pair.weight.total), pair.one, pair.other));
        best
    }

    /// How far above the next best person, for either of the two, who is not evidently the same one.
    fn margin(&self, best: &[(usize, Scored)], (person, pair): (usize, &Scored), rule: &Rule) -> MilliBits {
        let with = |pair: &Scored| if pair.one == self.at { pair.other } else { pair.one };
        let same = |rival: &Scored| {
            let between = self.linker.weigh(with(rival), with(pair));
            rule.is_heavy(self.linker.sides, &between) && veto(self.linker, &between).is_none()
        };
        let rivals = best.iter().filter(|(other, rival)| *other != person && !same(rival));
        let own = rivals.clone().map(|(_, rival)| rival.weight.total.0).max().unwrap_or(i32::MIN);
        // The other's rivals matter only where a link is about to be made.
        let theirs = rivals.filter(|_| rule.is_heavy(self.linker.sides, pair));
        let theirs = theirs.map(|(_, rival)| self.linker.weigh(with(rival), with(pair)).weight.total.0);
        let rival = own.max(theirs.max().unwrap_or(i32::MIN));
        MilliBits(pair.weight.total.0.saturating_sub(rival).min(MARGIN_MAX))
    }

    fn doubt(&self, own: &[u32], (person, pair): (&[u32], &Scored), margin: MilliBits, rule: &Rule) -> Option<Doubt> {
        veto(self.linker, pair).or(match () {
            () if !rule.is_heavy(self.linker.sides, pair) => Some(Doubt::Weight),
            () if !rule.is_ahead(pair, margin) => Some(Doubt::NoMargin),
            () if !may_join(self.linker, (own, person), rule, self.apart) => Some(Doubt::MemberDiffers),
            () => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::census::{Census, Population};
    use crate::link::entry::Vocabulary;
    use crate::{Demographics, normalise};

    fn raw(given: (&str, &str), birth: &str, phone: &str) -> Demographics {
        let text = |text: &str| text.to_owned();
        Demographics {
            family: text("十時"),
            given: text(given.0),
            family_kana: text("トトキ"),
            given_kana: text(given.1),
            birth: text(birth),
            sex: text("F"),
            postcode: text("2700000"),
            address: text("千葉県見本市見本町1-2-3"),
            phones: vec![text(phone)],
            ..Demographics::default()
        }
    }
    const HANAKO: (&str, &str) = ("花子", "ハナコ");

    fn linker(all: &[(Demographics, &str)]) -> Linker {
        let mut words = Vocabulary::default();
        let entries = all.iter().map(|(raw, facility)| words.entry(&normalise(raw), &raw.address, facility)).collect();
        Linker::within(words, entries, &Population::of(Census::default()))
    }
    fn placed(all: &[(Demographics, &str)], persons: &[Vec<u32>], apart: &[(u32, u32)]) -> Placed {
        let (linker, apart) = (linker(all), apart.iter().copied().collect());
        place(&Around { linker: &linker, at: 0, persons, apart: &apart }, &Rule::default())
    }
    fn doubts(placed: &Placed) -> Vec<Option<Doubt>> {
        placed.ask.iter().map(|decision| decision.doubt).collect()
    }

    #[test]
    fn the_same_person_at_another_facility_is_linked() {
        let all = [(raw(HANAKO, "1942-04-18", "0470000001"), "A"), (raw(HANAKO, "S17.4.18", "0470000001"), "B")];
        let done = placed(&all, &[vec![0], vec![1]], &[]);
        assert_eq!(done.link.map(|link| (link.pair.one, link.pair.other)), Some((0, 1)), "{done:?}");
        assert!(done.ask.is_empty());
    }
    #[test]
    fn two_charts_of_one_facility_are_a_question() {
        let all = [(raw(HANAKO, "1942-04-18", "0470000001"), "A"), (raw(HANAKO, "1942-04-18", "0470000001"), "A")];
        let done = placed(&all, &[vec![0], vec![1]], &[]);
        assert_eq!((done.link, doubts(&done)), (None, vec![Some(Doubt::SameFacility)]));
    }
    #[test]
    fn a_twin_is_a_question_and_a_stranger_of_the_name_is_no_link() {
        let twin = raw(("花江", "ハナエ"), "1942-04-18", "0470000001");
        let stranger = Demographics {
            postcode: "9800000".into(),
            address: "宮城県見本市別町9-9".into(),
            phones: vec!["0220000009".into()],
            ..raw(HANAKO, "1942-04-18", "")
        };
        for other in [twin, stranger] {
            let all = [(raw(HANAKO, "1942-04-18", "0470000001"), "A"), (other, "B")];
            assert_eq!(placed(&all, &[vec![0], vec![1]], &[]).link, None);
        }
    }
    #[test]
    fn what_people_parted_is_neither_linked_nor_asked_again() {
        let one = || raw(HANAKO, "1942-04-18", "0470000001");
        let all = [(one(), "A"), (one(), "B"), (one(), "C")];
        assert_eq!(placed(&all, &[vec![0], vec![1], vec![2]], &[(0, 1), (0, 2)]), Placed::default());
        // Nor through a member of the other's person.
        assert_eq!(placed(&all, &[vec![0], vec![1, 2]], &[(0, 2)]), Placed::default());
    }
    #[test]
    fn a_rule_never_brings_two_settled_persons_together() {
        let one = || raw(HANAKO, "1942-04-18", "0470000001");
        let all = [(one(), "A"), (one(), "B"), (one(), "C"), (one(), "D")];
        let done = placed(&all, &[vec![0, 1], vec![2, 3]], &[]);
        assert_eq!((done.link, doubts(&done)), (None, vec![Some(Doubt::SeveralPersons)]));
        let done = placed(&all, &[vec![0], vec![1], vec![2, 3]], &[]);
        assert_eq!((done.link, doubts(&done)), (None, vec![Some(Doubt::SeveralPersons); 2]));
        assert!(placed(&all, &[vec![0, 1], vec![2], vec![3]], &[]).ask.len() == 2);
    }
    #[test]
    fn a_member_who_contradicts_keeps_the_whole_person_away() {
        let one = || raw(HANAKO, "1942-04-18", "0470000001");
        // People linked a twin's chart with the right one.
        let all = [(one(), "A"), (one(), "B"), (raw(("花江", "ハナエ"), "1942-04-18", "0470000001"), "C")];
        let done = placed(&all, &[vec![0], vec![1, 2]], &[]);
        assert_eq!((done.link, doubts(&done)), (None, vec![Some(Doubt::MemberDiffers)]));
    }
    #[test]
    fn a_link_falls_when_its_records_come_to_contradict_each_other() {
        let one = raw(HANAKO, "1942-04-18", "0470000001");
        let changed =
            Demographics { given: "一郎".into(), given_kana: "イチロウ".into(), sex: "M".into(), ..one.clone() };
        let all = [(one.clone(), "A"), (one, "B"), (changed, "C")];
        let linker = linker(&all);
        assert_eq!(contradicted(&linker, (0, 1), &Rule::default()), None);
        assert!(contradicted(&linker, (0, 2), &Rule::default()).is_some());
    }
}
