use crate::{
    data::{Space, View, decode},
    ids::{Hash, PatientRef, RecordKey},
    kinds::DataKind,
    limits::HEADS_PAGE,
    time::{Date, Millis},
};
use serde::{Deserialize, Serialize};

/// Whether a stored record is what holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// The newest of its key.
    Current,
    /// Replaced by a newer one.
    History,
    /// Its source said that it is void (SS-MIX2 コンディションフラグ 0 or 2).
    Deleted,
}

/// Where a record's bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A frame of one of the patient's bundles in [`Space::Bodies`].
    Bundle {
        /// Which bundle.
        number: u32,
        /// Which frame in it.
        frame: u32,
    },
    /// A file of its own.
    Blob {
        /// Its keyed hash.
        id: [u8; 32],
    },
}

/// What is known of a stored record without opening it: the value in [`Space::Records`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordHead {
    /// Which record.
    pub key: RecordKey,
    /// When it was made, by its source.
    pub at: Millis,
    /// 診療科 as the source codes it.
    pub department: String,
    /// What people see in a list.
    pub title: String,
    /// [`super::digest_of`] its bytes.
    pub digest: Hash,
    /// Number of its bytes.
    pub size: u64,
    /// Where they lie.
    pub place: Place,
    /// Whether it still holds.
    pub state: State,
    /// Which feed brought it.
    pub source: String,
    /// When this node stored it.
    pub stored_at: Millis,
}

/// Where a head lies: `p u64 ‖ 診療日 as a number u32 (0: none) ‖ kind ‖ 0 ‖ name`, big-endian, so that a patient's records
/// lie in order of their dates. `name` is a keyed hash of the rest of the record's key.
pub fn head_key(p: PatientRef, care_date: Option<Date>, kind: &DataKind, name: &[u8; 16]) -> Vec<u8> {
    let date = care_date.map_or(0, Date::number);
    [p.0.to_be_bytes().as_slice(), &date.to_be_bytes(), kind.as_str().as_bytes(), &[0], name].concat()
}

/// All heads of a patient with their keys, oldest 診療日 first (those without a date before all).
pub fn heads(view: &dyn View, p: PatientRef) -> Vec<(Vec<u8>, RecordHead)> {
    let prefix = p.0.to_be_bytes();
    let (mut out, mut from) = (Vec::new(), prefix.to_vec());
    loop {
        let page = view.scan(Space::Records, &prefix, &from, HEADS_PAGE);
        let full = page.len() >= HEADS_PAGE;
        if let Some((last, _)) = page.last() {
            from = [last.as_slice(), &[0]].concat();
        }
        out.extend(page.into_iter().filter_map(|(key, value)| decode(&value).map(|head| (key, head))));
        if !full {
            return out;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::{MemoryView, Write, encode},
        ids::{AuthorityId, FacilityId, PatientId},
    };

    fn head(kind: &DataKind, care_date: Option<Date>, key: String) -> RecordHead {
        let authority = AuthorityId::parse("1.2.392.1").expect("an OID");
        RecordHead {
            key: RecordKey {
                facility: FacilityId::parse("1312345678").expect("ten digits"),
                patient: PatientId::new(authority, "0001").expect("a number"),
                kind: kind.clone(),
                care_date,
                key,
            },
            at: Millis(1),
            department: "01".into(),
            title: "血液検査".into(),
            digest: Hash([2; 32]),
            size: 3,
            place: Place::Bundle { number: 4, frame: 5 },
            state: State::Current,
            source: "ss-mix2".into(),
            stored_at: Millis(6),
        }
    }

    #[test]
    fn heads_of_one_patient_come_in_order_of_dates_over_many_pages() {
        let (mut view, lab) = (MemoryView::default(), DataKind::parse("OML-11").expect("a kind"));
        let count = HEADS_PAGE as u32 * 2;
        for number in 0..count {
            let date = Date::new(2020, 1, 1).and_then(|date| date.plus_days((count - number) as i32));
            let mut name = [0; 16];
            name[..4].copy_from_slice(&number.to_be_bytes());
            let value = encode(&head(&lab, date, number.to_string()));
            for p in [7, 8] {
                let key = head_key(PatientRef(p), date, &lab, &name);
                view.apply(&[Write { space: Space::Records, key, value: Some(value.clone()) }]);
            }
        }
        let found = heads(&view, PatientRef(7));
        assert_eq!(found.len(), count as usize);
        assert!(found.is_sorted_by_key(|(_, head)| head.key.care_date));
        assert_eq!(heads(&view, PatientRef(9)), vec![]);
    }
    #[test]
    fn whole_state_kinds_come_first_and_kinds_do_not_run_together() {
        let (basic, date) = (DataKind::parse("ADT-00").expect("a kind"), Date::new(1, 1, 1));
        let longer = DataKind::parse("ADT-001").expect("a kind");
        assert!(head_key(PatientRef(1), None, &basic, &[255; 16]) < head_key(PatientRef(1), date, &basic, &[0; 16]));
        assert_ne!(
            head_key(PatientRef(1), None, &basic, &[b'1'; 16]),
            head_key(PatientRef(1), None, &longer, &[0; 16])
        );
    }
}
