//! The table of spellings met in the field, case by case: kana, kanji, names, dates, sex, insurance, address, telephone.
use super::date::{Birth, DateAgreement};
use super::name::NameKind;
use super::sex::Sex;
use super::*;
use protocol::time::Date;

mod addresses;
mod dates;
mod kana_forms;
mod names;
mod numbers;
mod properties;

#[track_caller]
fn check_all(form: fn(&str) -> String, cases: &[(&str, &str)]) {
    for (written, expect) in cases {
        assert_eq!(form(written), *expect, "normal form of {written:?}");
    }
}
