//! Heads of stored versions: their names, their moments, and all versions of one record.
use super::feed::Feed;
use super::limits::HEADS_PAGE;
use protocol::crypto::mac;
use protocol::data::{Space, View, decode};
use protocol::fetch::{RecordHead, head_key};
use protocol::ids::{Hash, PatientRef};
use protocol::kinds::DataKind;
use protocol::time::{DAY_MS, Date, HOUR_MS, MINUTE_MS, Millis, SECOND_MS};
use records::ssmix2::OccurredAt;

/// Which record within a patient: データ種別, 診療日, 特定キー.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) number: String,
    pub(super) kind: DataKind,
    pub(super) date: Option<Date>,
    pub(super) key: String,
}

/// The name of a version: the same file, read again or from another volume, has the same.
pub(super) fn version_name(salt: &[u8], feed: &Feed, key: &str, occurred_at: &OccurredAt, digest: &Hash) -> [u8; 16] {
    let parts = [feed.facility.as_bytes(), key.as_bytes(), occurred_at.digits().as_bytes(), &digest.0];
    let hash = mac(salt, &parts);
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    name
}

/// All versions on file of the records of one day and kind, by name.
pub(super) fn versions(
    view: &dyn View,
    patient: PatientRef,
    date: Option<Date>,
    kind: &DataKind,
) -> Vec<(Vec<u8>, RecordHead)> {
    let mut prefix = head_key(patient, date, kind, &[0; 16]);
    prefix.truncate(prefix.len() - 16);
    let (mut out, mut from) = (Vec::new(), Vec::new());
    loop {
        let page = view.scan(Space::Records, &prefix, &from, HEADS_PAGE);
        let full = page.len() >= HEADS_PAGE;
        if let Some((last, _)) = page.last() {
            from = [last.as_slice(), &[0]].concat();
        }
        out.extend(page.into_iter().filter_map(|(key, value)| Some((key, decode(&value)?))));
        if !full {
            return out;
        }
    }
}

/// 発生日時 as a moment; none if its digits are no time.
pub(super) fn moment_of(occurred_at: &OccurredAt) -> Option<Millis> {
    let digits = occurred_at.digits();
    let date = Date::parse(digits.get(..8)?)?;
    let part = |at: usize, len: usize, most: u64| {
        let number: u64 = digits.get(at..at + len)?.parse().ok()?;
        (number <= most).then_some(number)
    };
    let (hour, minute, second) = (part(8, 2, 24)?, part(10, 2, 59)?, part(12, 2, 60)?);
    let span = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + part(14, 3, 999)?;
    Some(date.start_jst().plus(span))
}

/// A moment as 発生日時, for settling versions whose file is not at hand.
pub(super) fn occurred_of(at: Millis) -> Option<OccurredAt> {
    let date = at.date_jst();
    let rest = at.since(date.start_jst()).min(DAY_MS - 1);
    let (hour, minute, second) = (rest / HOUR_MS, rest / MINUTE_MS % 60, rest / SECOND_MS % 60);
    let text = format!("{:08}{hour:02}{minute:02}{second:02}{:03}", date.number(), rest % SECOND_MS);
    OccurredAt::parse(&text).map(|(occurred_at, _)| occurred_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_files_read_back() {
        let (occurred_at, _) = OccurredAt::parse("20250610093012123").expect("digits");
        let at = moment_of(&occurred_at).expect("a moment");
        assert_eq!(at.date_jst(), Date::new(2025, 6, 10).expect("a date"));
        assert_eq!(occurred_of(at), Some(occurred_at));
        assert_eq!(OccurredAt::parse("20251399000000000").and_then(|(odd, _)| moment_of(&odd)), None);
    }
}
