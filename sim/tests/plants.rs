//! Each invariant is shown to fail: a known mistake is planted in the node, and the check of that invariant finds it.
#![cfg(feature = "plants")]
use sim::check::Invariant;
use sim::plants::{PLANTS, SEEDS_MAX, find, planted};
use sim::run::{Options, run};
use sim::scenario::load_named;
use sim::shrink::{Case, shrink};

/// Runs seeds with one bug planted until the check of one invariant, alone, finds it; then without the bug, which must hold.
#[track_caller]
fn check(id: &str, invariant: Invariant) {
    let plant = PLANTS.iter().find(|plant| plant.id == id && plant.invariant == invariant).expect("in the list");
    let scenario = load_named(plant.scenario.unwrap_or("kesen-mmwin")).expect("of the house");
    let Some(found) = find(&scenario, plant) else { panic!("{id} was not found by {invariant} in {SEEDS_MAX} seeds") };
    let (seed, stopped) = (found.seed, found.stopped);
    println!("{id} found by {invariant} with seed {seed} at event {}: {}", stopped.event, stopped.violation.witness);
    assert_eq!(stopped.violation.invariant, invariant);
    let options = Options { only: Some(invariant), until: Some(stopped.event), ..Options::default() };
    let well = run(&scenario, seed, options);
    assert_eq!(well.stopped, None, "{id} is not what seed {seed} shows");
}

#[test]
fn a_failure_made_small_still_fails_and_holds_without_its_bug() {
    let scenario = load_named("kesen-mmwin").expect("of the house");
    let plant = PLANTS.iter().find(|plant| plant.id == "P01").expect("in the list");
    let seed = find(&scenario, plant).expect("found").seed;
    let small = planted(Some("P01"), || shrink(&scenario, seed, Some(Invariant::I01), 25)).flatten();
    let small = small.expect("it fails");
    let left = (small.case.kept.faults.len(), small.case.kept.acts.len());
    assert!(left.0 + left.1 < (small.of.0 + small.of.1) / 2, "{left:?} of {:?}", small.of);
    let case = Case { plant: Some("P01".into()), ..small.case };
    let read = Case::read(&case.text(&small.stopped).expect("written")).expect("read");
    assert_eq!(read, case);
    assert_eq!(read.run().expect("it runs").stopped, Some(small.stopped));
    let mended = Case { plant: None, ..read };
    assert_eq!(mended.run().expect("it runs").stopped, None);
}

#[test]
fn one_blind_for_all_is_found_by_i41() {
    check("P41", Invariant::I41);
}
#[test]
fn no_consent_asked_within_a_network_is_found_by_i01() {
    check("P01", Invariant::I01);
}
#[test]
fn a_kind_without_consent_is_found_by_i01() {
    check("P02", Invariant::I01);
}
#[test]
fn a_consent_that_never_ends_is_found_by_i01() {
    check("P03", Invariant::I01);
}
#[test]
fn a_purpose_that_nobody_looks_at_is_found_by_i01() {
    check("P04", Invariant::I01);
}
#[test]
fn a_membership_looked_at_once_is_found_by_i01() {
    check("P05", Invariant::I01);
}
#[test]
fn an_accord_that_never_ends_is_found_by_i01() {
    check("P06", Invariant::I01);
}
#[test]
fn a_transfer_that_outlives_its_consent_is_found_by_i03() {
    check("P08", Invariant::I03);
}
#[test]
fn a_withdrawal_acknowledged_too_early_is_found_by_i03() {
    check("P09", Invariant::I03);
}
#[test]
fn a_diagnosis_in_the_index_is_found_by_i04() {
    check("P10", Invariant::I04);
}
#[test]
fn a_name_in_an_error_text_is_found_by_i05() {
    check("P11", Invariant::I05);
}
#[test]
fn a_refusal_of_another_length_to_a_stranger_is_found_by_i06() {
    check("P12", Invariant::I06);
}
#[test]
fn an_answer_of_another_length_to_a_member_is_found_by_i07() {
    check("P12", Invariant::I07);
}
#[test]
fn an_index_entry_after_the_end_of_an_accord_is_found_by_i08() {
    check("P06", Invariant::I08);
}
#[test]
fn an_index_entry_at_the_partner_of_a_partner_is_found_by_i08() {
    check("P13", Invariant::I08);
}
#[test]
fn a_copy_among_own_records_is_found_by_i09() {
    check("P14", Invariant::I09);
}
#[test]
fn an_answer_beyond_the_dates_asked_for_is_found_by_i10() {
    check("P15", Invariant::I10);
}
#[test]
fn an_answer_before_its_log_entry_is_found_by_i26() {
    check("P07", Invariant::I26);
}
#[test]
fn an_answer_without_log_entry_on_a_full_disk_is_found_by_i26() {
    check("P34", Invariant::I26);
}
#[test]
fn a_right_that_never_lapses_is_found_by_i44() {
    check("P65", Invariant::I44);
}
#[test]
fn an_emergency_read_that_nobody_hears_of_is_found_by_i02() {
    check("P66", Invariant::I02);
}
#[test]
fn a_suspension_that_binds_nobody_is_found_by_i01() {
    check("P67", Invariant::I01);
}
#[test]
fn a_signature_that_nobody_looks_at_is_found_by_i11() {
    check("P17", Invariant::I11);
}
#[test]
fn a_digest_that_nobody_looks_at_is_found_by_i22() {
    check("P31", Invariant::I22);
}
#[test]
fn a_node_that_shows_old_announcements_at_once_is_found_by_l04() {
    check("P23", Invariant::L04);
}
