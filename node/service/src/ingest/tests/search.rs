//! Finding patients as a desk types: any width, any kana, beginnings, numbers, both calendars.
use super::support::{HANAKO, NINES, Node, TARO, Tree, master, name};
use crate::patients::{FindError, Query};
use protocol::audit::What;
use protocol::data::{Space, View};
use protocol::ids::{FacilityId, PatientRef};

fn node() -> Node {
    let (node, tree) = (Node::new(), Tree::new());
    for person in [HANAKO, TARO] {
        tree.message(&name(person.0, "ADT-00", None, NINES, 1), &master(person));
    }
    node.scan(&tree);
    node
}

#[track_caller]
fn check(text: &str, expect: &[u64]) {
    assert_eq!(node().finds(text), expect, "{text}");
}

#[test]
fn names_are_found_in_every_writing() {
    check("見本", &[1]);
    check("見本 花子", &[1]);
    check("見本　花子", &[1]);
    check("花子", &[1]);
    check("ミホン", &[1]);
    check("みほん はなこ", &[1]);
    check("ﾐﾎﾝ ﾊﾅｺ", &[1]);
    check("ﾔﾏｻﾞｷ", &[2]);
    check("やまさき", &[2]);
    check("山崎", &[2]);
    check("山﨑", &[2]);
    check("yamazaki", &[2]);
    check("ミ", &[1]);
    check("見本花", &[1]);
    check("見本 太郎", &[]);
    check("佐藤", &[]);
}
#[test]
fn numbers_are_found_with_and_without_zeros() {
    check("0001234567", &[1]);
    check("1234567", &[1]);
    check("０００１２３４５６７", &[1]);
    check("123456", &[]);
}
#[test]
fn birth_dates_are_found_in_both_calendars() {
    check("1958-03-12", &[1]);
    check("19580312", &[1]);
    check("1958/3/12", &[1]);
    check("昭和33年3月12日", &[1]);
    check("S33.3.12", &[1]);
    check("Ｓ３３．３．１２", &[1]);
    check("H13.4.1", &[2]);
    check("花子 S33.3.12", &[1]);
    check("太郎 S33.3.12", &[]);
}
#[test]
fn a_search_is_in_the_log_and_no_name_is_in_a_key() {
    let node = node();
    node.finds("見本");
    assert_eq!(node.told(What::PatientFound), 1);
    let empty = node.patients().find(&node.staff, &Query::new(" 　 "));
    assert_eq!(empty, Err(FindError::Empty));
    let other = FacilityId::parse("0419999999").expect("ten digits");
    let elsewhere = node.patients().find(&node.staff, &Query { text: "見本".into(), facility: Some(other) });
    assert_eq!(elsewhere.expect("a search").patients, vec![]);
    for space in Space::ALL {
        for (key, _) in node.store.view().scan(space, &[], &[], 10_000) {
            let key = String::from_utf8_lossy(&key).into_owned();
            assert!(!key.contains("1234567") && !key.contains('見') && !key.contains('ミ'), "{} key", space.name());
        }
    }
    assert!(node.patients().show(&node.staff, PatientRef(9)).is_err());
}
