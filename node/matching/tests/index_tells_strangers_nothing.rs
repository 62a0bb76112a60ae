//! What lies on the shelves of several holders, as the real code publishes it: readers find their patients, and who has all of
//! it and a list of all residents, but no key, does not. The long run is `cargo bench -p matching --bench linkage -- --mesh`.
#[path = "../../../tests/benches/linkage/mesh/mod.rs"]
#[expect(dead_code, reason = "correlation over many holders is the long run's")]
mod mesh;

use matching::{Demographics, identity_strings};
use mesh::attacker::{align_entries, align_single_fields, dictionary};
use mesh::candidates::look_for_all;
use mesh::game::{Shelves, play};
use mesh::town::{Holder, Patient, Tagger};
use protocol::consent;
use protocol::crypto::Real;
use protocol::data::{Batch, Space, View};
use protocol::engine::{Command, Publication, Scope};
use protocol::ids::{NodeKey, PatientRef};
use protocol::kinds::{FacilityClass, KindSet};
use protocol::testing::builders::{self, TestNetwork};
use protocol::testing::pair::World;
use protocol::time::Millis;

/// A resident by number: names as unequally frequent as in life, two notations.
fn resident(number: u64, half_width: bool) -> Demographics {
    const FAMILIES: [(&str, &str, &str); 8] = [
        ("佐藤", "サトウ", "ｻﾄｳ"),
        ("鈴木", "スズキ", "ｽｽﾞｷ"),
        ("高橋", "タカハシ", "ﾀｶﾊｼ"),
        ("田中", "タナカ", "ﾀﾅｶ"),
        ("十時", "トトキ", "ﾄﾄｷ"),
        ("見本", "ミホン", "ﾐﾎﾝ"),
        ("気仙", "ケセン", "ｹｾﾝ"),
        ("花巻", "ハナマキ", "ﾊﾅﾏｷ"),
    ];
    const GIVENS: [(&str, &str, &str); 6] = [
        ("花子", "ハナコ", "ﾊﾅｺ"),
        ("健一", "ケンイチ", "ｹﾝｲﾁ"),
        ("京子", "キョウコ", "ｷｮｳｺ"),
        ("一郎", "イチロウ", "ｲﾁﾛｳ"),
        ("陽菜", "ヒナ", "ﾋﾅ"),
        ("蓮", "レン", "ﾚﾝ"),
    ];
    let draw = |what: u64, of: u64| {
        let mixed = (number * 31 + what + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33 & 0x7FFF_FFFF | (of == 0) as u64
    };
    let skewed = |what: u64, of: u64| (draw(what, of) % of).min(draw(what + 7, of) % of) as usize;
    let (family, given) = (FAMILIES[skewed(1, 8)], GIVENS[skewed(2, 6)]);
    let (year, month, day) = (1935 + draw(3, 80) % 80, 1 + draw(4, 12) % 12, 1 + draw(5, 28) % 28);
    let kana = |name: (&str, &str, &str)| if half_width { name.2.to_owned() } else { name.1.to_owned() };
    Demographics {
        family: family.0.into(),
        given: given.0.into(),
        family_kana: kana(family),
        given_kana: kana(given),
        birth: if half_width { format!("{year}{month:02}{day:02}") } else { format!("{year}-{month:02}-{day:02}") },
        sex: if draw(6, 2) % 2 == 0 { "M".into() } else { "F".into() },
        postcode: format!("000{:04}", draw(8, 40) % 40),
        phones: vec![format!("0900{:07}", number)],
        insurer: "138016".into(),
        insured_symbol: "12".into(),
        insured_number: format!("{}", 4_000 + number),
        ..Demographics::default()
    }
}

/// Three holders with so many patients each, a third of whom the next holder knows as well.
fn holders(each: u64, tagger: &Tagger) -> Vec<Holder> {
    let holder = |at: u64| {
        let first = at * (each - each / 3);
        let patients = (first..first + each).map(|number| tagger.patient(number, resident(number, at % 2 == 1)));
        Holder::publish(at as u32 + 1, patients.collect())
    };
    (0..3).map(holder).collect()
}

#[test]
fn readers_find_their_patients_and_hardly_anybody_else() {
    let found = look_for_all(&holders(150, &Tagger::evaluated("evaluators")), 1);
    assert_eq!((found.patients, found.partners), (450, 200));
    assert!(found.recall() >= 0.99, "{found:?}");
    assert!(found.per_patient() <= 0.85, "{found:?}");
}

#[test]
fn who_has_the_whole_index_and_all_residents_but_no_key_links_fewer_than_one_in_two_hundred() {
    const LINKED_MAX: f64 = 0.005;
    let (own, each) = (Tagger::evaluated("a key of the attacker's own"), 400);
    let real = holders(each, &Tagger::evaluated("evaluators"));
    let plain = holders(each, &Tagger::Plain);
    let (by_names, by_order) = (dictionary(&real, &own), align_entries(&real));
    assert!(by_names.share() < LINKED_MAX && by_order.share() < LINKED_MAX, "{by_names:?}, {by_order:?}");
    // The same attacks, where nothing is keyed, or where each field has a token of its own.
    let (by_names, by_fields) = (dictionary(&plain, &own), align_single_fields(&real));
    assert!(by_names.share() > 0.9 && by_fields.share() > 0.5, "{by_names:?}, {by_fields:?}");
}

#[test]
fn two_shelves_do_not_tell_whether_their_holders_share_patients() {
    let tagger = Tagger::evaluated("evaluators");
    let pool: Vec<Patient> = (0..120).map(|number| tagger.patient(number, resident(number, false))).collect();
    let own = play(&pool, 60, Shelves::Own);
    assert!(own.most() < own.limit, "chance goes up to {}: {:?}", own.limit, own.distances);
    let shared = play(&pool, 60, Shelves::Shared);
    assert!(shared.most() > 0.99, "where equal tags have equal slots, everybody sees it: {:?}", shared.distances);
}

const START: Millis = Millis(1_800_000_000_000);

/// A patient whose every field is a word that occurs nowhere else.
fn canary() -> Demographics {
    Demographics {
        family: "鵜飼谷".into(),
        given: "曙美".into(),
        family_kana: "ウカイヤ".into(),
        given_kana: "アケミ".into(),
        birth: "1931-08-27".into(),
        sex: "F".into(),
        postcode: "0227193".into(),
        address: "見本県見本市暁町7-19-3".into(),
        phones: vec!["0192-07-7193".into()],
        insurer: "138016".into(),
        insured_symbol: "金糸雀".into(),
        insured_number: "7719355".into(),
        ..Demographics::default()
    }
}

/// The canary's words in every form in which code might write them.
fn words() -> Vec<Vec<u8>> {
    let texts = [
        "鵜飼谷",
        "曙美",
        "ウカイヤ",
        "アケミ",
        "19310827",
        "1931-08-27",
        "0227193",
        "暁町",
        "0192077193",
        "0192-07-7193",
        "金糸雀",
        "7719355",
    ];
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let strings = identity_strings(&canary()).into_iter().map(|(_, text)| text);
    texts.iter().flat_map(|text| [text.as_bytes().to_vec(), wide(text)]).chain(strings).collect()
}

fn sings(bytes: &[u8]) -> bool {
    words().iter().any(|word| bytes.windows(word.len()).any(|window| window == word))
}

/// Three members of one network; the first two know the canary, the third only has copies.
fn members(world: &mut World) -> Vec<NodeKey> {
    let network = TestNetwork::found(&Real, "canary", START);
    let nodes: Vec<NodeKey> = (1..=3)
        .map(|at| {
            let (facility, name) = (builders::facility(at), format!("member {at}"));
            let identity = builders::identity(&Real, &name, std::slice::from_ref(&facility), START);
            let certs = identity.certs.clone();
            let node = world.add(&name, identity, &[network.id]);
            let membership = network.admit(&Real, &facility, FacilityClass::Hospital, START);
            world.command(node, Command::Pin(network.id, Some(network.charter.clone())));
            world.command(node, Command::Take([vec![membership], certs].concat()));
            let (scope, secret) = (Scope::Network(network.id), network.secret);
            world.command(node, Command::KeepSecret { scope, epoch: 1, secret });
            node
        })
        .collect();
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        world.connect(nodes[a], nodes[b]);
    }
    world.pass(1_000);
    nodes
}

#[test]
fn no_demographic_string_is_in_any_message_log_or_copy_of_the_index() {
    let mut world = World::at(START);
    let nodes = members(&mut world);
    let strings: Vec<_> = identity_strings(&canary()).into_iter().map(|(rule, text)| (rule.number(), text)).collect();
    for (at, node) in nodes.iter().take(2).enumerate() {
        let facility = builders::facility(at as u32 + 1);
        let mut consents = Batch::default();
        consents.writes.push(consent::keep(PatientRef(1), &builders::consent(&facility, 1, 1, START)));
        world.nodes[node].view.commit(&consents);
        let publication =
            Publication { patient: PatientRef(1), facility, kinds: KindSet::ALL, strings: strings.clone() };
        world.command(*node, Command::Publish(vec![publication]));
        world.pass(60_000);
    }
    assert!(world.frames.len() > 10, "they talked");
    for (from, to, frame) in &world.frames {
        assert!(!sings(frame), "{from:?} told {to:?}");
    }
    let everything = |node: &NodeKey, space: Space| world.nodes[node].view.scan(space, &[], &[], usize::MAX);
    let copies = everything(&nodes[2], Space::Entries);
    assert!(copies.len() > 2, "the third has copies of both shelves");
    for (node, space) in nodes.iter().flat_map(|node| Space::ALL.map(|space| (node, space))) {
        // What a holder itself is to publish lies with it, beside the patient; nowhere else.
        if space == Space::Entries && *node != nodes[2] {
            let own = everything(node, space);
            assert!(own.iter().any(|(_, value)| sings(value)), "the test would hear it");
            continue;
        }
        let heard = everything(node, space).iter().any(|(key, value)| sings(key) || sings(value));
        assert!(!heard, "{space:?} of {node:?}");
    }
    for node in &nodes {
        let told = format!("{:?}", world.nodes[node].events);
        assert!(!sings(told.as_bytes()), "an event of {node:?}: {told}");
    }
}
