//! Tables in, decisions out: the same bytes for any order, and nothing bad from bad input.
use matching::link::bands::Rule;
use matching::link::history::{Author, Event, History, HistoryError};
use matching::link::index::Index;
use matching::link::learn::Patterns;
use matching::office::columns::Map;
use matching::office::load::{LoadError, Loaded, Source};
use matching::office::report::{link, links_csv, persons_csv, report};
use matching::office::truth::Truth;
use proptest::prelude::*;
use std::fmt::Write as _;

const HEAD: &str = "record_id,facility,local_id,family_kanji,given_kanji,family_kana,given_kana,birth_date,sex,postcode,address,phone,insurer_no,insured_number,insured_branch\n";
const FAMILIES: [(&str, &str); 6] = [
    ("佐藤", "サトウ"),
    ("髙橋", "タカハシ"),
    ("渡邉", "ワタナベ"),
    ("見本", "ミホン"),
    ("十時", "トトキ"),
    ("中〓", "ナカウラ"),
];
const GIVENS: [(&str, &str); 5] =
    [("健一", "ケンイチ"), ("健二", "ケンジ"), ("花子", "ハナコ"), ("", "ヨウコ"), ("一郎", "いちろう")];

/// A row from a few small numbers, so that many rows are nearly equal.
fn row(id: usize, choice: [u8; 6]) -> String {
    let (family, given) = (FAMILIES[usize::from(choice[0]) % 6], GIVENS[usize::from(choice[1]) % 5]);
    let birth = ["1942-04-18", "S17.4.18", "1942-04-19", "", "2001-11-30", "1942-13-45"][usize::from(choice[2]) % 6];
    let (house, phone) = (choice[3] % 3, ["", "0470000001", "09000000002"][usize::from(choice[4]) % 3]);
    let insurance = ["138016,1234,01", "138016,1234,02", "138016,1234,", ",,"][usize::from(choice[5]) % 4];
    let (fk, fr) = family;
    let (gk, gr) = given;
    format!(
        "R{id:05},F{},{id},{fk},{gk},{fr},{gr},{birth},M,2700000,千葉県見本市見本町{house}-2-3,{phone},{insurance}\n",
        id % 4
    )
}

fn table(rows: &[String]) -> String {
    format!("{HEAD}{}", rows.concat())
}

fn decided(left: &str, right: Option<&str>) -> String {
    let source = |text| Source { file: "table", text };
    let map = Map::default();
    let mut loaded = match right {
        Some(right) => Loaded::two(source(left), source(right), &map),
        None => Loaded::one(source(left), &map),
    }
    .expect("tables");
    let linked = link(&mut loaded, &Rule::default());
    links_csv(&loaded, &linked) + &persons_csv(&loaded, &linked)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_rows_gives_the_same_bytes(choices in prop::collection::vec(prop::array::uniform6(0u8..6), 2..60), turn in 0usize..60) {
        let rows: Vec<String> = choices.into_iter().enumerate().map(|(id, choice)| row(id, choice)).collect();
        let mut turned = rows.clone();
        turned.reverse();
        turned.rotate_left(turn % rows.len());
        prop_assert_eq!(decided(&table(&rows), None), decided(&table(&turned), None));
        let half = rows.len() / 2;
        let (mut left, mut right) = (rows[..half].to_vec(), rows[half..].to_vec());
        let straight = decided(&table(&left), Some(&table(&right)));
        left.reverse();
        right.reverse();
        prop_assert_eq!(straight, decided(&table(&left), Some(&table(&right))));
    }

    #[test]
    fn any_cut_of_the_work_gives_the_same_pairs(choices in prop::collection::vec(prop::array::uniform6(0u8..6), 2..60), cut in 0u32..60) {
        let rows: Vec<String> = choices.into_iter().enumerate().map(|(id, choice)| row(id, choice)).collect();
        let text = table(&rows);
        let loaded = Loaded::one(Source { file: "table", text: &text }, &Map::default()).expect("a table");
        let (end, cut) = (rows.len() as u32, cut % rows.len() as u32);
        let whole = loaded.linker.score(0..end).pairs;
        // As another thread would: the later part first.
        let late = loaded.linker.score(cut..end).pairs;
        let mut parts = loaded.linker.score(0..cut).pairs;
        parts.extend(late);
        prop_assert_eq!(whole, parts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_number_of_threads_gives_the_same_pairs(choices in prop::collection::vec(prop::array::uniform6(0u8..6), 2..60), threads in 1u32..9) {
        let rows: Vec<String> = choices.into_iter().enumerate().map(|(id, choice)| row(id, choice)).collect();
        let text = table(&rows);
        let loaded = Loaded::one(Source { file: "table", text: &text }, &Map::default()).expect("a table");
        let (linker, end) = (&loaded.linker, rows.len() as u32);
        let each = end.div_ceil(threads);
        let parts: Vec<_> = std::thread::scope(|scope| {
            let begun: Vec<_> = (0..end)
                .step_by(each as usize)
                .map(|from| scope.spawn(move || (linker.score(from..(from + each).min(end)).pairs, linker.patterns(from..(from + each).min(end)))))
                .collect();
            begun.into_iter().map(|thread| thread.join().expect("a thread")).collect()
        });
        let pairs: Vec<_> = parts.iter().flat_map(|(pairs, _)| pairs.clone()).collect();
        let patterns: Vec<u64> = parts.into_iter().flat_map(|(_, patterns)| patterns).collect();
        prop_assert_eq!(&linker.score(0..end).pairs, &pairs);
        prop_assert_eq!(Patterns::of(linker.patterns(0..end)), Patterns::of(patterns));
    }
}

fn certain(left: &str, right: &str) -> bool {
    decided(&table(&[left.into()]), Some(&table(&[right.into()]))).contains(",certain,")
}

#[test]
fn row_157_twins_and_members_of_a_household_are_not_linked_without_a_person() {
    let at = |id: &str, given: &str, birth: &str, branch: &str| {
        format!("{id},F1,{id},十時,{given},{birth},M,2700000,千葉県見本市見本町1-2-3,0470000001,138016,1234,{branch}\n")
    };
    assert!(certain(
        &at("a", "健一,トトキ,ケンイチ", "2001-11-30", "03"),
        &at("b", "健一,トトキ,ケンイチ", "H13.11.30", "03").replace("F1", "F2")
    ));
    for (given, birth, branch) in [
        ("健二,トトキ,ケンジ", "2001-11-30", "04"),
        ("健二,トトキ,ケンジ", "2001-11-30", ""),
        (",トトキ,ケンシ", "2001-11-30", ""),
        ("健一,トトキ,ケンイチ", "1972-03-01", ""),
        ("健一,トトキ,ケンイチ", "2001-11-30", "04"),
    ] {
        let other = at("b", given, birth, branch).replace("F1", "F2");
        assert!(!certain(&at("a", "健一,トトキ,ケンイチ", "2001-11-30", "03"), &other), "{other}");
    }
}

#[test]
fn a_card_links_only_with_the_birth_date_and_a_given_name_that_does_not_contradict() {
    let head = "record_id,facility,local_id,family_kanji,given_kanji,family_kana,given_kana,birth_date,sex,common_id\n";
    let certain = |other: &str| {
        let (left, right) = (
            format!("{head}a,F1,a,十時,健一,トトキ,ケンイチ,2001-11-30,M,4100123456789018\n"),
            format!("{head}{other}\n"),
        );
        decided(&left, Some(&right)).contains(",certain,")
    };
    assert!(certain("b,F2,b,十時,健一,トトキ,ケンイチ,H13.11.30,M,4100123456789018"));
    for other in [
        "b,F2,b,十時,健二,トトキ,ケンジ,2001-11-30,M,4100123456789018",
        "b,F2,b,十時,健一,トトキ,ケンイチ,2001-11-13,M,4100123456789018",
        "b,F2,b,十時,健一,トトキ,ケンイチ,,M,4100123456789018",
        "b,F2,b,十時,一郎,トトキ,イチロウ,1970-01-02,M,4100123456789018",
        "b,F2,b,十時,健一,トトキ,ケンイチ,2001-11-30,M,4100123456789026",
    ] {
        assert!(!certain(other), "{other}");
    }
}

#[test]
fn a_lost_character_is_equal_to_nothing() {
    let at = |id: &str, given: &str, kana: &str| {
        format!(
            "{id},F1,{id},十時,{given},トトキ,{kana},2001-11-30,M,2700000,千葉県見本市見本町1-2-3,0470000001,138016,1234,\n"
        )
    };
    for given in ["〓〓", "健〓", "■一"] {
        let (left, right) = (at("a", given, ""), at("b", given, "").replace("F1", "F2"));
        assert!(!certain(&left, &right), "{given}: two that lost the same character may be twins");
    }
}

#[test]
fn impossible_dates_are_unknown_and_agree_with_nothing() {
    let at = |id: &str, birth: &str| format!("{id},F1,{id},佐藤,健一,サトウ,ケンイチ,{birth},M,,,,,,\n");
    for birth in ["2001-02-30", "2001-13-01", "99999999", "昭和99年99月", "不詳"] {
        assert!(!certain(&at("a", birth), &at("b", birth).replace("F1", "F2")), "{birth}");
    }
}

#[test]
fn a_block_of_a_million_equal_keys_is_left_alone() {
    use matching::link::blocks::{Blocks, Sides, World};
    use matching::link::entry::{Entry, Vocabulary};
    let words = Vocabulary::default();
    let entries = vec![Entry { birth: 19_700_101, ..Entry::default() }; 1_000_000];
    let blocks = Blocks::of(&words, &entries);
    let (pairs, blocked) = blocks.pairs(World { words: &words, entries: &entries, sides: Sides::One }, 0..1_000_000);
    assert_eq!((blocks.keys().len(), pairs.len()), (1_000_000, 0));
    assert!(blocked.refined > 0, "and it is counted");
}

#[test]
fn bad_fields_are_unknown_and_link_nobody() {
    let long = "ア".repeat(100_000);
    let bad = |id: &str| format!("{id},F1,{id},{long},{long},{long},{long},2001-02-30,?,0,,なし,,,\n");
    let empty = |id: &str| format!("{id},F2,{id},,,,,,,,,,,,\n");
    let rows = [bad("a"), bad("b"), empty("c"), empty("d"), "e,F3,e,テスト,患者,,,2001-11-30,,,,,,,\n".into()];
    assert!(!decided(&table(&rows), None).contains("certain"));
}

#[test]
fn a_block_of_equal_keys_is_refused_not_enumerated() {
    let mut text = String::from("record_id,birth_date\n");
    for id in 0..20_000 {
        let _ = writeln!(text, "{id},1970-01-01");
    }
    let mut loaded = Loaded::one(Source { file: "table", text: &text }, &Map::default()).expect("a table");
    let linked = link(&mut loaded, &Rule::default());
    let figures = report(&loaded, &linked, &Rule::default(), None);
    assert_eq!((figures.compared, figures.certain), (0, 0));
    assert!(figures.blocks_refined > 0);
}

#[test]
fn tables_that_cannot_be_linked_say_where() {
    let read = |text: &str| Loaded::one(Source { file: "x.csv", text }, &Map::default()).map(|_| ());
    let message = |text: &str| read(text).expect_err("an error").to_string();
    assert!(message("").contains("x.csv: the file is empty"));
    assert!(message("a,b\n1,2\n").contains("record_id"));
    assert!(message("record_id,sex\n1,M\n").contains("no name"));
    assert!(message("record_id,birth_date\n1,2001-11-30\n2\n").contains("line 3: 1 columns, the header has 2"));
    assert!(matches!(read("record_id,birth_date\n1,\n1,\n"), Err(LoadError::Twice { .. })));
    assert!(matches!(read("record_id,birth_date\n1,\n ,\n"), Err(LoadError::NoId { line: 3, .. })));
}

#[test]
fn a_map_names_the_columns_of_another_system() {
    let map = Map::parse("# theirs\nrecord_id = no\nfamily_kanji = name\naddress = town + block\nbirth_date=born\n")
        .expect("a map");
    let text =
        "no;name;town;block;born\n1;見本　花子;見本町;1-2-3;S17.4.18\n2;見本 花子;見本町;１－２－３;1942-04-18\n";
    let mut loaded = Loaded::one(Source { file: "x", text }, &map).expect("a table");
    let linked = link(&mut loaded, &Rule::default());
    let truth = Truth::read("left,right\n1,2\n", &loaded).expect("a truth");
    let figures = report(&loaded, &linked, &Rule::default(), Some(&truth)).judged.expect("judged");
    assert_eq!((figures.true_pairs, figures.completeness, figures.f1), (1, 1.0, 1.0));
    assert!(Map::parse("nonsense").is_err() && Map::parse("colour = x").is_err());
}

#[test]
fn one_patient_is_found_among_others_as_all_at_once_would() {
    let rows: Vec<String> = (0..50).map(|id| row(id, [id as u8, (id / 3) as u8, 0, 1, 1, 3])).collect();
    let text = table(&rows);
    let loaded = Loaded::one(Source { file: "table", text: &text }, &Map::default()).expect("a table");
    let entry = *loaded.linker.entry(7);
    let mut index = Index::new(loaded.linker);
    let (at, found) = index.insert(entry, &Rule { one_list_min: Rule::default().probable_min, ..Rule::default() });
    assert!(found.iter().any(|decision| (decision.pair.one, decision.pair.other) == (7, at)));
    index.remove(7);
    assert!(index.candidates(at, &Rule::default()).iter().all(|decision| decision.pair.one != 7));
}

fn linked(a: &str, b: &str) -> Event {
    Event::Linked { pair: (a.into(), b.into()), author: Author::Rule(1), evidence: None, reason: String::new() }
}
fn separated(a: &str, b: &str) -> Event {
    Event::Separated { pair: (a.into(), b.into()), author: Author::Person("desk".into()), reason: "two persons".into() }
}

#[test]
fn a_link_taken_back_leaves_everything_as_before() {
    let mut history = History::default();
    history.apply(linked("a", "b")).expect("a link");
    let before = history.persons();
    let link = history.apply(linked("b", "c")).expect("a link");
    assert_eq!(history.same_as("a").len(), 2);
    let back = Event::Withdrawn { event: link, author: Author::Person("desk".into()), reason: "wrong".into() };
    history.apply(back.clone()).expect("taken back");
    assert_eq!(history.persons(), before);
    assert_eq!(history.apply(back), Err(HistoryError::AlreadyWithdrawn(link)));
    assert_eq!(history.about("b").len(), 2, "the log keeps what was");
}

#[test]
fn separated_records_never_come_together_through_anybody() {
    let mut history = History::default();
    for (a, b) in [("a", "b"), ("b", "c")] {
        history.apply(linked(a, b)).expect("a link");
    }
    history.apply(separated("a", "c")).expect("separated");
    assert!(!history.same_as("a").contains("c"));
    for (x, y) in [("a", "c"), ("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")] {
        let _ = history.apply(linked(x, y));
        assert!(!history.same_as("a").contains("c"), "{x}–{y}");
    }
}

proptest! {
    #[test]
    fn persons_do_not_depend_on_the_order_of_links(links in prop::collection::vec((0u8..12, 0u8..12), 0..20)) {
        let fold = |links: &[(u8, u8)]| {
            let mut history = History::default();
            for (a, b) in links {
                let _ = history.apply(linked(&a.to_string(), &b.to_string()));
            }
            history.persons().into_iter().collect::<std::collections::BTreeSet<_>>()
        };
        let reversed: Vec<_> = links.iter().rev().copied().collect();
        prop_assert_eq!(fold(&links), fold(&reversed));
    }
}
