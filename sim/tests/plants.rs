//! Each invariant is shown to fail: a known mistake is planted in the node, and the check of that invariant finds it.
#![cfg(feature = "plants")]
use protocol::plants;
use sim::check::Invariant;
use sim::run::{Options, run};
use sim::scenario::load_named;

/// Runs seeds with one bug planted until the check of one invariant, alone, finds it; then without the bug, which must hold.
#[track_caller]
fn check(plant: &str, invariant: Invariant) {
    let scenario = load_named("kesen-mmwin").expect("of the house");
    let options = Options { only: Some(invariant), ..Options::default() };
    plants::plant(plant);
    let found = (1..SEEDS_MAX).find_map(|seed| Some((seed, run(&scenario, seed, options).stopped?)));
    plants::clear();
    let Some((seed, stopped)) = found else { panic!("{plant} was not found by {invariant} in {SEEDS_MAX} seeds") };
    println!("{plant} found by {invariant} with seed {seed} at event {}: {}", stopped.event, stopped.violation.witness);
    assert_eq!(stopped.violation.invariant, invariant);
    let well = run(&scenario, seed, Options { until: Some(stopped.event), ..options });
    assert_eq!(well.stopped, None, "{plant} is not what seed {seed} shows");
}

/// Seeds after which a plant counts as not found.
const SEEDS_MAX: u64 = 200;

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
