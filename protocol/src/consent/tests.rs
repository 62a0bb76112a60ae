use super::*;
use crate::data::{MemoryView, Space, Write};
use crate::ids::{AuthorityId, FacilityId, Hash, NetworkId, PatientId, PatientRef, ReceiptId};
use crate::kinds::{Coarse, Codes, FacilityClass, KindSet, Purpose, Role, classes, purposes, roles};
use crate::time::Millis;
use proptest::prelude::*;

fn facility(number: u8) -> FacilityId {
    FacilityId::parse(&format!("{number:010}")).expect("ten digits")
}
fn network(number: u8) -> NetworkId {
    NetworkId([number; 32])
}
fn patient() -> PatientId {
    let authority = AuthorityId::parse("1.2.392.100495.20.3.51.19900000001").expect("an OID");
    PatientId::new(authority, "00012345").expect("a number")
}
/// A broad yes taken at moment 10 by facility 1, with number `id`.
fn yes(id: u8) -> ConsentReceipt {
    ConsentReceipt::broad(ReceiptId([id; 16]), facility(1), patient(), Millis(10))
}
fn no(id: u8) -> ConsentReceipt {
    ConsentReceipt { stance: Stance::Deny, ..yes(id) }
}
fn withdrawn(id: u8, at: u64, scope: WithdrawalScope) -> ConsentReceipt {
    Withdrawal {
        taker: facility(1),
        patient: patient(),
        scope,
        taken_at: Millis(at),
        received_at: Millis(at),
        text_version: "2026-04".into(),
        evidence: Hash([7; 32]),
        staff: "s1".into(),
        even_in_emergency: false,
    }
    .receipt(ReceiptId([id; 16]))
}
/// A doctor of hospital 5 in network 1 who treats, asking for records of holder 1.
fn query() -> Query {
    Query {
        mode: Mode::Publish,
        network: network(1),
        reader: facility(5),
        class: FacilityClass::Hospital,
        holder: facility(1),
        role: Role::Doctor,
        purpose: Purpose::Treatment,
    }
}
fn permits(id: u8) -> Verdict {
    Verdict::Permit { by: ReceiptId([id; 16]) }
}
fn denies(id: u8) -> Verdict {
    Verdict::Deny { by: Some(ReceiptId([id; 16])) }
}
const SILENT: Verdict = Verdict::Deny { by: None };

#[track_caller]
fn check(receipts: &[ConsentReceipt], expect: Verdict) {
    assert_eq!(verdict(receipts, &query(), Coarse::Lab, Millis(100)), expect);
    let backwards: Vec<_> = receipts.iter().rev().cloned().collect();
    assert_eq!(verdict(&backwards, &query(), Coarse::Lab, Millis(100)), expect, "in the other order");
}

#[test]
fn nothing_said_is_no() {
    check(&[], SILENT);
}
#[test]
fn a_broad_yes_permits_what_its_text_names() {
    check(&[yes(1)], permits(1));
}
#[test]
fn a_statement_speaks_only_within_its_scope() {
    check(&[ConsentReceipt { modes: modes(&[Mode::View]), ..yes(1) }], SILENT);
    check(&[ConsentReceipt { networks: Networks::List(vec![network(2)]), ..yes(1) }], SILENT);
    check(&[ConsentReceipt { holders: Holders::List(vec![facility(2)]), ..yes(1) }], SILENT);
    check(&[ConsentReceipt { readers: Readers::List(vec![facility(6)]), ..yes(1) }], SILENT);
    check(&[ConsentReceipt { kinds: KindSet::of(&[Coarse::Meal]), ..yes(1) }], SILENT);
    check(&[ConsentReceipt { roles: roles(&[Role::Nurse]), ..yes(1) }], SILENT);
    check(&[ConsentReceipt { purposes: purposes(&[Purpose::Referral]), ..yes(1) }], SILENT);
}
#[test]
fn all_means_the_classes_that_the_text_named() {
    let readers = Readers::All { classes: classes(&[FacilityClass::Clinic]) };
    check(&[ConsentReceipt { readers, ..yes(1) }], SILENT);
    let readers = Readers::AllBut { classes: classes(&[FacilityClass::Clinic]), except: vec![] };
    check(&[ConsentReceipt { readers, ..yes(1) }], SILENT);
}
#[test]
fn a_statement_counts_from_its_first_moment_to_just_before_its_end() {
    check(&[ConsentReceipt { from: Millis(101), ..yes(1) }], SILENT);
    check(&[ConsentReceipt { from: Millis(100), ..yes(1) }], permits(1));
    check(&[ConsentReceipt { to: Some(Millis(100)), ..yes(1) }], SILENT);
    check(&[ConsentReceipt { to: Some(Millis(101)), ..yes(1) }], permits(1));
}
#[test]
fn a_stop_beats_every_rank() {
    let named = ConsentReceipt {
        readers: Readers::List(vec![facility(5)]),
        holders: Holders::List(vec![facility(1)]),
        kinds: KindSet::of(&[Coarse::Lab]),
        taken_at: Millis(90),
        ..yes(2)
    };
    check(&[named.clone(), withdrawn(1, 20, WithdrawalScope::Everything)], denies(1));
    check(&[named.clone(), withdrawn(1, 20, WithdrawalScope::Network(network(1)))], denies(1));
    check(&[named.clone(), withdrawn(1, 20, WithdrawalScope::Readers(vec![facility(5)]))], denies(1));
    check(&[named.clone(), withdrawn(1, 20, WithdrawalScope::Kinds(KindSet::of(&[Coarse::Lab])))], denies(1));
    check(&[named.clone(), withdrawn(1, 20, WithdrawalScope::Holders(vec![facility(1)]))], denies(1));
    check(&[named, withdrawn(1, 20, WithdrawalScope::Readers(vec![facility(6)]))], permits(2));
}
#[test]
fn the_reader_s_name_weighs_most_then_holder_kind_role_and_purpose() {
    let reader = Readers::List(vec![facility(5)]);
    let holder = Holders::List(vec![facility(1)]);
    let kinds = KindSet::of(&[Coarse::Lab]);
    let wide = |receipt: ConsentReceipt| ConsentReceipt {
        roles: Codes::of(Role::ALL.iter().map(|role| role.code())),
        purposes: Codes::of(Purpose::ALL.iter().map(|purpose| purpose.code())),
        ..receipt
    };
    let steps = |receipt: fn(u8) -> ConsentReceipt, id| {
        [
            wide(receipt(id)),
            ConsentReceipt { purposes: purposes(&[Purpose::Treatment]), ..wide(receipt(id)) },
            ConsentReceipt { roles: roles(&[Role::Doctor]), ..wide(receipt(id)) },
            ConsentReceipt { kinds, ..wide(receipt(id)) },
            ConsentReceipt { holders: holder.clone(), ..wide(receipt(id)) },
            ConsentReceipt { readers: reader.clone(), ..wide(receipt(id)) },
        ]
    };
    for (high, general) in steps(yes, 1).iter().enumerate() {
        for (low, other) in steps(no, 2).iter().enumerate() {
            check(&[general.clone(), other.clone()], if high > low { permits(1) } else { denies(2) });
        }
    }
}
#[test]
fn no_beats_yes_of_the_same_rank_even_if_it_is_older() {
    check(&[ConsentReceipt { taken_at: Millis(50), ..yes(1) }, no(2)], denies(2));
}
#[test]
fn the_newest_of_one_rank_is_named() {
    check(&[yes(1), ConsentReceipt { taken_at: Millis(11), ..yes(2) }], permits(2));
    check(&[yes(1), ConsentReceipt { received_at: Millis(11), ..yes(2) }], permits(2));
    check(&[yes(1), yes(2)], permits(2));
}
#[test]
fn all_but_a_reader_is_a_no_to_that_reader() {
    let but = |except: u8, id| ConsentReceipt {
        readers: Readers::AllBut { classes: classes(&[FacilityClass::Hospital]), except: vec![facility(except)] },
        ..yes(id)
    };
    check(&[yes(1), but(5, 2)], denies(2));
    check(&[but(6, 2)], permits(2));
    let nobody_but = ConsentReceipt { stance: Stance::Deny, ..but(5, 2) };
    check(&[yes(1), nobody_but], permits(1));
}
#[test]
fn a_new_yes_needs_the_old_no_lifted() {
    let anew = ConsentReceipt { taken_at: Millis(50), ..yes(3) };
    let stop = withdrawn(1, 20, WithdrawalScope::Everything);
    check(&[stop.clone(), anew.clone()], denies(1));
    let lift = anew.lift(ReceiptId([4; 16]));
    check(&[stop.clone(), anew.clone(), lift.clone()], permits(3));
    check(&[no(2), stop, anew.clone(), lift.clone()], permits(3));
    check(std::slice::from_ref(&lift), SILENT);
    let later = withdrawn(5, 50, WithdrawalScope::Everything);
    check(&[lift, anew, later], denies(5));
}
#[test]
fn a_lift_gives_back_no_more_than_its_own_scope() {
    let stop = withdrawn(1, 20, WithdrawalScope::Everything);
    let anew = ConsentReceipt { taken_at: Millis(50), kinds: KindSet::of(&[Coarse::Meal]), ..yes(3) };
    check(&[yes(2), stop, anew.clone(), anew.lift(ReceiptId([4; 16]))], denies(1));
}
#[test]
fn row_104b_a_withdrawal_counts_even_if_the_clock_goes_back() {
    let receipts = [yes(1), withdrawn(2, 20, WithdrawalScope::Everything)];
    assert_eq!(verdict(&receipts, &query(), Coarse::Lab, Millis(15)), denies(2));
}
#[test]
fn the_log_can_tell_stopped_ended_and_never_said_apart() {
    let ended = ConsentReceipt { to: Some(Millis(90)), ..yes(1) };
    let stop = withdrawn(2, 20, WithdrawalScope::Kinds(KindSet::of(&[Coarse::Meal])));
    let lab = KindSet::of(&[Coarse::Lab]);
    assert!(was_permitted(std::slice::from_ref(&ended), &query(), lab, Millis(100)));
    assert!(!was_permitted(&[yes(1)], &query(), lab, Millis(100)));
    assert!(!is_stopped(std::slice::from_ref(&stop), &query(), lab, Millis(100)));
    assert!(is_stopped(&[stop], &query(), KindSet::ALL, Millis(100)));
}

fn reach() -> Reach {
    Reach::usual(network(1), classes(&[FacilityClass::Hospital, FacilityClass::Clinic]))
}
fn announced(receipts: &[ConsentReceipt]) -> KindSet {
    published(receipts, &facility(1), &reach(), Millis(100))
}

#[test]
fn only_what_the_whole_audience_may_see_is_announced() {
    assert_eq!(announced(&[yes(1)]), KindSet::ALL);
    let clinics = ConsentReceipt { readers: Readers::All { classes: classes(&[FacilityClass::Clinic]) }, ..yes(1) };
    assert_eq!(announced(&[clinics]), KindSet::NONE);
    let labs = ConsentReceipt { kinds: KindSet::of(&[Coarse::Lab]), ..yes(1) };
    assert_eq!(announced(&[labs]), KindSet::of(&[Coarse::Lab]));
    assert_eq!(announced(&[ConsentReceipt { modes: modes(&[Mode::View]), ..yes(1) }]), KindSet::NONE);
    assert_eq!(announced(&[]), KindSet::NONE);
}
#[test]
fn what_leaves_single_readers_out_or_names_them_is_never_announced() {
    let out = withdrawn(2, 20, WithdrawalScope::Readers(vec![facility(9)]));
    assert_eq!(announced(&[yes(1), out]), KindSet::NONE);
    let labs = KindSet::of(&[Coarse::Lab]);
    let no_labs = ConsentReceipt { readers: Readers::List(vec![facility(9)]), kinds: labs, ..no(2) };
    assert_eq!(announced(&[yes(1), no_labs]), KindSet::ALL.without(labs));
    let but = Readers::AllBut { classes: reach().classes, except: vec![facility(9)] };
    assert_eq!(announced(&[ConsentReceipt { readers: but, ..yes(1) }]), KindSet::NONE);
    let named = Readers::List(vec![facility(5), facility(6)]);
    assert_eq!(announced(&[ConsentReceipt { readers: named, ..yes(1) }]), KindSet::NONE);
}
#[test]
fn a_reader_taken_back_in_by_name_is_announced_to_again() {
    let out = withdrawn(2, 20, WithdrawalScope::Readers(vec![facility(9)]));
    let back = ConsentReceipt { stance: Stance::Lift, taken_at: Millis(30), ..out.clone() };
    assert_eq!(announced(&[yes(1), out, back]), KindSet::ALL);
}
#[test]
fn a_reach_of_nobody_gets_nothing() {
    let nobody = Reach { classes: Codes::default(), ..reach() };
    assert_eq!(published(&[yes(1)], &facility(1), &nobody, Millis(100)), KindSet::NONE);
    let nowhere = Reach { networks: vec![], ..reach() };
    assert_eq!(published(&[yes(1)], &facility(1), &nowhere, Millis(100)), KindSet::NONE);
}

#[test]
fn receipts_of_one_patient_come_back_in_order_over_pages() {
    let mut view = MemoryView::default();
    let count = crate::limits::CONSENT_PAGE as u64 * 2 + 3;
    for at in (0..count).rev() {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&at.to_be_bytes());
        let receipt = ConsentReceipt { id: ReceiptId(id), taken_at: Millis(at), ..yes(0) };
        view.apply(&[keep(PatientRef(7), &receipt), keep(PatientRef(8), &yes(0))]);
    }
    let receipts = receipts_of(&view, PatientRef(7));
    assert_eq!(receipts.iter().map(|receipt| receipt.taken_at.0).collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
    assert!(receipts_of(&view, PatientRef(9)).is_empty());
}
#[test]
fn one_damaged_receipt_permits_nothing() {
    let mut view = MemoryView::default();
    let key = consent_key(PatientRef(7), Millis(11), ReceiptId([2; 16]));
    view.apply(&[keep(PatientRef(7), &yes(1)), Write { space: Space::Consents, key, value: Some(vec![1, 2]) }]);
    assert!(receipts_of(&view, PatientRef(7)).is_empty());
}
#[test]
fn a_receipt_prints_without_the_patient_s_number() {
    assert!(!format!("{:?}", yes(1)).contains("00012345"));
}

#[cfg(feature = "plants")]
#[test]
fn planted_bugs_let_through_what_consent_forbids() {
    let lab = |receipt: ConsentReceipt| verdict(&[receipt], &query(), Coarse::Lab, Millis(100)) != SILENT;
    let cases = [
        ("P02", ConsentReceipt { kinds: KindSet::of(&[Coarse::Meal]), ..yes(1) }),
        ("P03", ConsentReceipt { to: Some(Millis(50)), ..yes(1) }),
        ("P04", ConsentReceipt { purposes: purposes(&[Purpose::Referral]), ..yes(1) }),
    ];
    for (id, receipt) in cases {
        assert!(!lab(receipt.clone()));
        crate::plants::plant(id);
        assert!(lab(receipt), "{id} must be seen");
        crate::plants::clear();
    }
}

fn facilities() -> impl Strategy<Value = Vec<FacilityId>> {
    proptest::collection::vec((1u8..8).prop_map(facility), 0..3)
}
fn readers() -> impl Strategy<Value = Readers> {
    let classes = || (0u64..16).prop_map(Codes);
    prop_oneof![
        4 => classes().prop_map(|classes| Readers::All { classes }),
        1 => facilities().prop_map(Readers::List),
        1 => (classes(), facilities()).prop_map(|(classes, except)| Readers::AllBut { classes, except }),
    ]
}
prop_compose! {
    fn receipt()(
        id in any::<u8>(),
        stance in 0u8..4,
        wide in any::<bool>(),
        readers in readers(),
        kinds in prop_oneof![Just(KindSet::ALL), (0u32..1 << 14).prop_map(KindSet::from_bits)],
        roles in prop_oneof![Just(Codes(u64::MAX)), (0u64..8).prop_map(Codes)],
        times in (0u64..100, proptest::option::of(0u64..200), 0u64..60),
        network_list in proptest::option::of((1u8..3).prop_map(network)),
        holder_list in proptest::option::of((1u8..3).prop_map(facility)),
    ) -> ConsentReceipt {
        ConsentReceipt {
            stance: Stance::from_code(stance).expect("below four"),
            readers,
            kinds,
            roles,
            purposes: if wide { Codes(u64::MAX) } else { purposes(&[Purpose::Treatment]) },
            from: Millis(times.0),
            to: times.1.map(Millis),
            taken_at: Millis(times.2),
            networks: network_list.map_or(Networks::All, |one| Networks::List(vec![one])),
            holders: holder_list.map_or(Holders::All, |one| Holders::List(vec![one])),
            ..yes(id)
        }
    }
}
fn said() -> impl Strategy<Value = Vec<ConsentReceipt>> {
    proptest::collection::vec(receipt(), 0..7)
}

proptest! {
    #[test]
    fn row_153_the_order_of_receipts_never_matters(said in said(), shift in 0usize..7) {
        let mut turned = said.clone();
        turned.rotate_left(shift % said.len().max(1));
        turned.reverse();
        for kind in [Coarse::Lab, Coarse::Basic] {
            let by = |receipts: &[ConsentReceipt]| {
                matches!(verdict(receipts, &query(), kind, Millis(50)), Verdict::Permit { .. })
            };
            prop_assert_eq!(by(&said), by(&turned));
        }
    }
    #[test]
    fn after_a_withdrawal_of_everything_nothing_is_permitted(said in said()) {
        let mut said = said;
        said.push(withdrawn(99, 100, WithdrawalScope::Everything));
        prop_assert_eq!(permitted(&said, &query(), Millis(50)), (KindSet::NONE, None));
        prop_assert_eq!(published(&said, &facility(1), &reach(), Millis(50)), KindSet::NONE);
    }
    #[test]
    fn a_no_never_widens(said in said(), extra in receipt()) {
        prop_assume!(matches!(extra.stance, Stance::Deny | Stance::Stop));
        let before = permitted(&said, &query(), Millis(50)).0;
        let after = permitted(&[said, vec![extra]].concat(), &query(), Millis(50)).0;
        prop_assert!(after.is_within(before));
    }
    #[test]
    fn what_is_permitted_is_named_by_a_yes_in_force(said in said()) {
        let (kinds, by) = permitted(&said, &query(), Millis(50));
        prop_assert_eq!(kinds.is_empty(), by.is_none());
        if let Some(by) = by {
            let mut named = said.iter().filter(|receipt| receipt.id == by && receipt.is_in_force(Millis(50)));
            prop_assert!(named.any(|receipt| receipt.stance == Stance::Permit));
        }
    }
    #[test]
    fn what_is_announced_may_be_read_by_every_reader_of_the_audience(said in said(), reader in 1u8..12) {
        let announced = published(&said, &facility(1), &reach(), Millis(50));
        for class in [FacilityClass::Hospital, FacilityClass::Clinic] {
            let query = Query { reader: facility(reader), class, ..query() };
            prop_assert!(announced.is_within(permitted(&said, &query, Millis(50)).0));
        }
    }
}
