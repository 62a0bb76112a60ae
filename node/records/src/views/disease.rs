use super::field;
use crate::Fault;
use crate::hl7::{Message, Repeat, Segment};
use crate::model::{Code, Disease, Problems as Diseases};
use crate::parsed::Problems;

/// PPR-01: one PRB group per diagnosis.
pub(super) fn problems(message: &Message<'_>, problems: &mut Problems) -> Diseases {
    Diseases { items: message.groups(&["PRB"]).into_iter().filter_map(|group| disease(group, problems)).collect() }
}

fn disease(group: &[Segment<'_>], problems: &mut Problems) -> Option<Disease> {
    let prb = field::find(group, "PRB")?;
    let code = field::coded(prb, 3, "");
    let mut disease = Disease {
        name: code.shown().to_owned(),
        instance: field::text(prb, 4),
        from: field::stamp(prb, 7, problems).or_else(|| field::stamp(prb, 16, problems)),
        to: field::stamp(prb, 9, problems),
        outcome: field::coded(prb, 14, "HL70241"),
        withdrawn: field::text(prb, 1) == "DE",
        ..Disease::default()
    };
    let suspected = field::coded(prb, 13, "JHSD0005");
    disease.suspected = suspected.in_system("JHSD0005") == Some("1") || suspected.shown().contains("疑い");
    let rank = field::coded(prb, 18, "JHSD0007");
    disease.main = rank.in_system("JHSD0007") == Some("1") || rank.shown() == "主診断";
    let security = field::text(prb, 25);
    disease.restricted = !matches!(security.as_str(), "" | "U");
    if disease.restricted {
        problems.add(prb.place_of(25), Fault::Restricted);
    }
    disease.icd10_edition = prb.field(10).first().text(7).into_owned();
    if let Some(zi1) = field::find(group, "ZI1") {
        disease.insurance = field::coded(zi1, 2, "JHSD0001");
    }
    classify(&mut disease, prb, problems);
    if let Some(zpr) = field::find(group, "ZPR") {
        let (before, behind) = (field::words(zpr, 1).concat(), field::words(zpr, 3).concat());
        disease.name = format!("{before}{}{behind}", disease.name);
        disease.exchange_code = field::text(zpr, 5);
        disease.comment = field::free_text(zpr, 7, problems);
    }
    let notes = field::comments(group, problems).join("\n");
    if !notes.is_empty() {
        disease.comment = format!("{}\n{notes}", disease.comment).trim().to_owned();
    }
    if code.system == "MDCDX2" && !is_management_number(&code.code) {
        problems.add(prb.place_of(3), Fault::CodeUnverified);
    }
    disease.code = code;
    Some(disease)
}

/// PRB-10 holds two values of different meaning: ICD-10 in one triplet, 診断種別 in the other; either may be missing.
fn classify(disease: &mut Disease, prb: Segment<'_>, problems: &mut Problems) {
    let repeat: Repeat<'_> = prb.field(10).first();
    for from in [1, 4] {
        let (code, text, system) = (repeat.text(from), repeat.text(from + 1), repeat.text(from + 2));
        if code.is_empty() && text.is_empty() {
            continue;
        }
        if system == "JHSD0004" || from == 4 && system.is_empty() && code.len() == 1 {
            // A digit zero for the letter O is a known slip.
            let letter = if code == "0" { "O".to_owned() } else { code.into_owned() };
            disease.class =
                Code { code: letter, text: text.into_owned(), system: "JHSD0004".into(), ..Code::default() };
        } else if system == "I10" || from == 1 {
            disease.icd10 = code.replace('.', "");
            if !is_icd10(&disease.icd10) && !disease.icd10.is_empty() {
                problems.add(prb.place_of(10), Fault::CodeUnverified);
            }
        }
    }
}

fn is_icd10(code: &str) -> bool {
    let bytes = code.as_bytes();
    (3..=6).contains(&bytes.len()) && bytes[0].is_ascii_uppercase() && bytes[1..3].iter().all(u8::is_ascii_digit)
}

/// 病名管理番号: eight digits. The four-character exchange codes carry the same label.
fn is_management_number(code: &str) -> bool {
    matches!(code.len(), 8 | 4) && code.bytes().all(|b| b.is_ascii_alphanumeric())
}
