//! Paths to write: where a record belongs in a storage, and what its file is called.
use super::FileName;
use super::extended::KindFolder;

/// The seven-part name of a file of the standardized storage.
pub fn file_name(name: &FileName) -> String {
    seven_parts(name, name.kind.as_str())
}

/// The path of a file below the root of the standardized storage.
pub fn relative_path(name: &FileName) -> String {
    format!("{}/{}/{}", patient_folder(name.patient.expose(), &date_part(name)), name.kind, file_name(name))
}

/// The path of one file of a document below the root of the extended storage (with content folders, since 1.2c).
pub fn extended_path(name: &FileName, folder: &KindFolder, inner: &str) -> String {
    let parent = patient_folder(name.patient.expose(), &date_part(name));
    let folder_name = folder.folder_name();
    let content = seven_parts(name, folder.short_name());
    format!("{parent}/{folder_name}/{content}/{inner}")
}

/// `000/123/0001234567/20250610`: the first three and the next three characters of the patient number, the number, the date.
///
/// The standard does not say what numbers of less than six characters give; they are filled up with zeros here.
fn patient_folder(patient: &str, date: &str) -> String {
    let part = |from: usize| {
        let part: String = patient.chars().skip(from).take(3).collect();
        format!("{part:0<3}")
    };
    format!("{}/{}/{patient}/{date}", part(0), part(3))
}

fn seven_parts(name: &FileName, kind: &str) -> String {
    let department = if name.department.is_empty() { "-" } else { &name.department };
    let (patient, date) = (name.patient.expose(), date_part(name));
    let (key, occurred, flag) = (&name.key, &name.occurred_at, name.flag.digit());
    format!("{patient}_{date}_{kind}_{key}_{occurred}_{department}_{flag}")
}

fn date_part(name: &FileName) -> String {
    name.care_date.map_or_else(|| "-".to_owned(), |date| format!("{:08}", date.number()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssmix2::path::parse;
    use crate::ssmix2::{Flag, OccurredAt};
    use proptest::prelude::*;
    use protocol::kinds::DataKind;
    use protocol::time::Date;

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            patient in "[0-9]{6}[0-9A-Z]{0,9}", day in proptest::option::of(1u8..=28), key in "[0-9]{15}", occurred in "2025[0-9]{13}",
            department in "(|01|08A)", flag in 0usize..3,
        ) {
            let kind = if day.is_some() { "OML-11" } else { "PPR-01" };
            let name = FileName {
                patient: patient.into(),
                care_date: day.and_then(|day| Date::new(2025, 6, day)),
                kind: DataKind::parse(kind).expect("a kind"),
                key,
                occurred_at: OccurredAt::parse(&occurred).expect("digits").0,
                department,
                flag: [Flag::Void, Flag::Valid, Flag::Past][flag],
            };
            let parsed = parse(&relative_path(&name)).expect("a path of the standard");
            prop_assert!(parsed.problems.is_empty());
            prop_assert_eq!(parsed.value, name);
        }
    }
}
