use super::Read;
use protocol::time::Date;
use records::hl7::Stamp;
use records::model::Clinical;

/// One open diagnosis (病名) and who says so.
pub struct ProblemNote<P> {
    /// In words.
    pub name: String,
    /// 主診断 at one house at least.
    pub is_main: bool,
    /// 疑い at every house that has it.
    pub is_suspected: bool,
    /// Place, record and day of each house that has it; newest first.
    pub sources: Vec<(usize, P, Date)>,
}

/// One allergy and who says so.
pub struct AllergyNote<P> {
    /// To what.
    pub name: String,
    /// Reactions in words.
    pub reactions: String,
    /// Place, record and day of each house that has it; newest first.
    pub sources: Vec<(usize, P, Date)>,
}

/// Open diagnoses of all houses, main ones first; those of one name are one. What a sender marked as not to be shown by
/// default stays out: the patient may not know it.
pub fn problems<P: Copy>(reads: &[Read<P>]) -> Vec<ProblemNote<P>> {
    let mut out: Vec<ProblemNote<P>> = Vec::new();
    for read in reads {
        let Clinical::Problems(list) = &read.clinical else { continue };
        let open = list
            .items
            .iter()
            .filter(|one| !one.withdrawn && !one.restricted && one.to.is_none() && !one.name.is_empty());
        for one in open {
            let date = one.from.as_ref().and_then(Stamp::date).unwrap_or_else(|| read.day());
            let source = (read.place, read.path, date);
            match out.iter_mut().find(|note| note.name == one.name) {
                Some(note) => {
                    note.is_main |= one.main;
                    note.is_suspected &= one.suspected;
                    add(&mut note.sources, source);
                }
                None => out.push(ProblemNote {
                    name: one.name.clone(),
                    is_main: one.main,
                    is_suspected: one.suspected,
                    sources: vec![source],
                }),
            }
        }
    }
    for note in &mut out {
        note.sources.sort_by_key(|(.., date)| std::cmp::Reverse(*date));
    }
    out.sort_by_key(|note| (!note.is_main, std::cmp::Reverse(note.sources.first().map(|(.., date)| *date))));
    out
}

/// Allergies of all houses; those of one name are one. `None`: no house has a list, which says nothing about the patient.
pub fn allergies<P: Copy>(reads: &[Read<P>]) -> Option<Vec<AllergyNote<P>>> {
    let mut out: Option<Vec<AllergyNote<P>>> = None;
    for read in reads {
        let Clinical::Allergies(list) = &read.clinical else { continue };
        let notes = out.get_or_insert_default();
        for one in list.items.iter().filter(|one| !one.withdrawn) {
            let name = one.allergen.shown();
            let source = (read.place, read.path, read.day());
            match notes.iter_mut().find(|note| note.name == name) {
                Some(note) => add(&mut note.sources, source),
                None => notes.push(AllergyNote {
                    name: name.to_owned(),
                    reactions: one.reactions.join("・"),
                    sources: vec![source],
                }),
            }
        }
    }
    for note in out.iter_mut().flatten() {
        note.sources.sort_by_key(|(.., date)| std::cmp::Reverse(*date));
    }
    out
}

/// One source a house.
fn add<P>(sources: &mut Vec<(usize, P, Date)>, source: (usize, P, Date)) {
    match sources.iter_mut().find(|own| own.0 == source.0) {
        Some(own) if own.2 < source.2 => *own = source,
        Some(_) => {}
        None => sources.push(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::time::Millis;
    use records::model::{Allergies, Allergy, Code, Disease, Problems};

    fn read(place: usize, clinical: Clinical) -> Read<usize> {
        Read { place, path: place, date: None, made_at: Millis(1_795_311_720_000), is_pharmacy: false, clinical }
    }
    fn disease(name: &str) -> Disease {
        Disease { name: name.into(), ..Disease::default() }
    }

    #[test]
    fn what_is_restricted_closed_or_withdrawn_stays_out() {
        let list = vec![
            disease("心房細動"),
            Disease { restricted: true, ..disease("秘") },
            Disease { withdrawn: true, ..disease("誤") },
            Disease { to: Some(Stamp::of_date(Date::parse("20260101").expect("a date"))), ..disease("済") },
        ];
        let notes = problems(&[read(0, Clinical::Problems(Problems { items: list }))]);
        assert_eq!(notes.iter().map(|note| note.name.as_str()).collect::<Vec<_>>(), ["心房細動"]);
    }
    #[test]
    fn one_diagnosis_of_two_houses_is_one_line_with_both_sources() {
        let of = |place| read(place, Clinical::Problems(Problems { items: vec![disease("心房細動")] }));
        let notes = problems(&[of(0), of(1)]);
        assert_eq!((notes.len(), notes[0].sources.len()), (1, 2));
    }
    #[test]
    fn no_list_is_not_an_empty_list() {
        let allergy =
            |name: &str| Allergy { allergen: Code { text: name.into(), ..Code::default() }, ..Allergy::default() };
        assert!(allergies::<usize>(&[]).is_none());
        assert_eq!(allergies(&[read(0, Clinical::Allergies(Allergies::default()))]).map(|list| list.len()), Some(0));
        let wrong = Allergy { withdrawn: true, ..allergy("そば") };
        let list = Allergies { items: vec![allergy("セフェム系"), wrong] };
        assert_eq!(allergies(&[read(0, Clinical::Allergies(list))]).map(|list| list.len()), Some(1));
    }
}
