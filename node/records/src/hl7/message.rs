use super::escape::unescape;
use super::part::Field;
use super::separators::Separators;
use super::split::{lines, pieces};
use crate::limits::{FIELDS_MAX, SEGMENTS_MAX};
use crate::parsed::Problems;
use crate::{Fault, Parsed, Place};
use std::collections::BTreeSet;

/// One file's message, split into segments that borrow its text.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    segments: Vec<Segment<'a>>,
    separators: Separators,
}

/// One segment.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    raw: &'a str,
    separators: Separators,
    row: u32,
}

/// Why a text is not an HL7 message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageFailure {
    /// The first segment is not MSH.
    #[error("does not begin with an MSH segment, so it is not an HL7 message; check what writes into this folder")]
    NoHeader,
    /// MSH is cut or has delimiters that cannot be.
    #[error(
        "segment 1 (MSH): cut short or with impossible delimiters; the writer may be at work, or the file is damaged"
    )]
    BrokenHeader,
}

impl<'a> Message<'a> {
    /// Splits the text of one file at CR, LF or CRLF. Cost: linear.
    ///
    /// Journal lines (`#SSMIX,…`) are skipped. A second message of the same file is appended without its MSH, or left out if it
    /// has the same control number (MSH-10). An incomplete last segment without CR is left out and told.
    ///
    /// # Errors
    /// [`MessageFailure`] if there is no usable MSH at the start.
    pub fn parse(text: &'a str) -> Result<Parsed<Self>, MessageFailure> {
        let mut problems = Problems::default();
        if text.contains('\n') {
            problems.add(Place::File, Fault::LineFeeds);
        }
        let mut lines = Vec::new();
        for (row, line) in (1u32..).zip(lines_of(text)) {
            if line.starts_with("#SSMIX,") {
                problems.add_once(Place::File, Fault::JournalHeader);
            } else if lines.len() >= SEGMENTS_MAX {
                problems.add_once(Place::File, Fault::BeyondLimit);
            } else {
                lines.push((row, line));
            }
        }
        let header = lines.first().map(|(_, line)| *line).filter(|line| line.starts_with("MSH"));
        let header = header.ok_or(MessageFailure::NoHeader)?;
        let separators = Separators::parse(header).ok_or(MessageFailure::BrokenHeader)?;
        if separators.is_yen() {
            problems.add(Place::Field { name: "MSH".into(), row: 1, field: 2 }, Fault::YenDelimiter);
        }
        let closed = text.trim_end_matches(' ').ends_with(['\r', '\n']);
        let segments = Self::segments_of(lines, separators, closed, &mut problems);
        let message = Self { segments, separators };
        if message.header().field(9).is_empty() {
            return Err(MessageFailure::BrokenHeader);
        }
        message.check_parts(&mut problems);
        Ok(problems.with(message))
    }

    fn segments_of(
        lines: Vec<(u32, &'a str)>,
        separators: Separators,
        closed: bool,
        problems: &mut Problems,
    ) -> Vec<Segment<'a>> {
        let mut segments: Vec<Segment<'a>> = Vec::with_capacity(lines.len());
        let last_row = lines.last().map(|(row, _)| *row);
        let mut controls: BTreeSet<&'a str> = BTreeSet::new();
        let mut headers = 0;
        let mut duplicate = false;
        for (row, raw) in lines {
            let segment = Segment { raw, separators, row };
            if raw.starts_with("MSH") {
                let control = segment.field(10).raw();
                duplicate = !controls.insert(control) && !control.is_empty();
                headers += 1;
                if headers == 1 {
                    segments.push(segment);
                } else {
                    let fault = if duplicate { Fault::DuplicateMessage } else { Fault::SecondMessage };
                    problems.add_once(segment.place(), fault);
                }
            } else if duplicate {
                continue;
            } else if segment.checked_name().is_none() {
                let cut = !closed && Some(row) == last_row;
                problems.add(segment.place(), if cut { Fault::Truncated } else { Fault::NotASegment });
            } else if !closed && Some(row) == last_row && segment.is_cut() {
                problems.add(segment.place(), Fault::Truncated);
            } else {
                segments.push(segment);
            }
        }
        segments
    }

    fn check_parts(&self, problems: &mut Problems) {
        for segment in self.segments.iter().skip(1) {
            if pieces(segment.raw, self.separators.field).nth(FIELDS_MAX + 1).is_some() {
                problems.add_once(segment.place(), Fault::BeyondLimit);
            }
            if segment.raw.contains(self.separators.escape) {
                let odd = segment.fields().find(|(_, field)| unescape(field.raw(), &self.separators).1);
                if let Some((number, _)) = odd {
                    problems.add(segment.place_of(number), Fault::BadEscape);
                }
            }
        }
    }

    /// The MSH segment.
    pub fn header(&self) -> Segment<'a> {
        self.segments.first().copied().unwrap_or(Segment { raw: "MSH|", separators: self.separators, row: 1 })
    }
    /// All segments in order, MSH first.
    pub fn segments(&self) -> &[Segment<'a>] {
        &self.segments
    }
    /// The first segment with this name.
    pub fn first(&self, name: &str) -> Option<Segment<'a>> {
        self.all(name).next()
    }
    /// All segments with this name, in order.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = Segment<'a>> + 's {
        self.segments.iter().copied().filter(move |segment| segment.name() == name)
    }
    /// Whether there is a segment with this name.
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
    /// The runs of segments that begin with one of these names; what stands before the first such segment is in none.
    pub fn groups(&self, starters: &[&str]) -> Vec<&[Segment<'a>]> {
        let starts: Vec<usize> =
            (0..self.segments.len()).filter(|at| starters.contains(&self.segments[*at].name())).collect();
        let ends = starts.iter().skip(1).copied().chain([self.segments.len()]);
        starts.iter().zip(ends).map(|(start, end)| &self.segments[*start..end]).collect()
    }
    /// Message type, trigger event and structure (MSH-9).
    pub fn kind(&self) -> (String, String, String) {
        let repeat = self.header().field(9).first();
        (repeat.text(1).into_owned(), repeat.text(2).into_owned(), repeat.text(3).into_owned())
    }
    /// The delimiters.
    pub fn separators(&self) -> Separators {
        self.separators
    }
}

impl<'a> Segment<'a> {
    /// Its three letters, or `???` if it has none (so that the text of a broken line never gets into a message for people).
    pub fn name(&self) -> &'a str {
        self.checked_name().unwrap_or("???")
    }
    /// Which line of the file it is, from 1.
    pub fn row(&self) -> u32 {
        self.row
    }
    /// One field, counted as HL7 does; empty if there is none.
    pub fn field(&self, number: usize) -> Field<'a> {
        let raw = match (self.raw.starts_with("MSH"), number) {
            (_, 0) => "",
            (true, 1) => self.raw.get(3..3 + self.separators.field.len_utf8()).unwrap_or_default(),
            (true, n) => pieces(self.raw, self.separators.field).nth(n - 1).unwrap_or_default(),
            (false, n) => pieces(self.raw, self.separators.field).nth(n).unwrap_or_default(),
        };
        Field::new(if number > FIELDS_MAX { "" } else { raw }, self.separators)
    }
    /// Its fields with their numbers, at most [`FIELDS_MAX`].
    pub fn fields(&self) -> impl Iterator<Item = (u16, Field<'a>)> + use<'a> {
        let separators = self.separators;
        let first: u16 = if self.raw.starts_with("MSH") { 2 } else { 1 };
        let raws = pieces(self.raw, separators.field).skip(1).take(FIELDS_MAX + 1 - usize::from(first));
        (first..).zip(raws).map(move |(number, raw)| (number, Field::new(raw, separators)))
    }
    /// As it stands in the file.
    pub fn raw(&self) -> &'a str {
        self.raw
    }
    /// Where it is, for problems.
    pub fn place(&self) -> Place {
        Place::Segment { name: self.name().to_owned(), row: self.row }
    }
    /// Where one of its fields is, for problems.
    pub fn place_of(&self, field: u16) -> Place {
        Place::Field { name: self.name().to_owned(), row: self.row, field }
    }

    fn checked_name(&self) -> Option<&'a str> {
        let name = self.raw.get(..3)?;
        let letters = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let ends = self.raw[3..].chars().next().is_none_or(|c| c == self.separators.field);
        (letters && ends).then_some(name)
    }
    /// Whether it is shorter than its kind can be, which at the end of a file means that the rest is missing.
    fn is_cut(&self) -> bool {
        let least = LEAST_FIELDS.iter().find(|(name, _)| *name == self.name()).map_or(1, |(_, least)| *least);
        pieces(self.raw, self.separators.field).skip(1).count() < least
    }
}

impl std::fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in row {}", self.name(), self.row)
    }
}

/// Lines without their ends, trailing blanks and rests of transport; empty ones are left out.
fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    lines(text)
        .map(|line| line.trim_end_matches(['\u{0B}', '\u{1C}', '\u{1A}', '\0', ' ', '\t', '\u{3000}']))
        .map(|line| line.trim_start_matches(['\u{0B}', '\u{1C}', '\u{1A}', '\0', ' ']))
        .filter(|line| !line.is_empty())
}

/// How many fields a segment has at least when it is whole: up to its last required one.
const LEAST_FIELDS: &[(&str, usize)] = &[
    ("PID", 5),
    ("PV1", 2),
    ("ORC", 2),
    ("OBX", 11),
    ("OBR", 4),
    ("RXE", 5),
    ("RXC", 4),
    ("RXA", 6),
    ("PRB", 4),
    ("IAM", 3),
    ("SPM", 4),
    ("IPC", 5),
    ("ZE1", 3),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "MSH|^~\\&|HIS|1319999999|||20250610||ADT^A08^ADT_A01|7|P|2.5";

    #[track_caller]
    fn parsed(text: &str) -> Parsed<Message<'_>> {
        Message::parse(text).expect("a message")
    }
    #[track_caller]
    fn check(text: &str, names: &[&str], faults: &[Fault]) {
        let parsed = parsed(text);
        assert_eq!(parsed.value.segments().iter().map(Segment::name).collect::<Vec<_>>(), names);
        assert_eq!(parsed.problems.into_iter().map(|p| p.fault).collect::<Vec<_>>(), faults);
    }

    #[test]
    fn fields_are_counted_as_the_standard_does() {
        let text = format!("{HEAD}\rPID|1||0001^^^^PI\r");
        let parsed = parsed(&text);
        assert_eq!(parsed.value.header().field(1).raw(), "|");
        assert_eq!(parsed.value.header().field(2).raw(), "^~\\&");
        assert_eq!(parsed.value.kind(), ("ADT".into(), "A08".into(), "ADT_A01".into()));
        assert_eq!(parsed.value.header().field(12).text(), "2.5");
        let pid = parsed.value.first("PID").expect("there");
        assert_eq!((pid.field(3).text(), pid.field(3).component(5).text()), ("0001".into(), "PI".into()));
        assert!(pid.field(0).is_empty() && pid.field(60_000).is_empty());
        assert!(parsed.is_clean());
    }
    #[test]
    fn fields_at_the_limit_are_told_alike_one_by_one_and_in_a_row() {
        let text = format!("{HEAD}{0}\rPID{0}\r", "|x".repeat(FIELDS_MAX + 9));
        for segment in parsed(&text).value.segments() {
            assert_eq!(segment.fields().last().map(|(number, _)| usize::from(number)), Some(FIELDS_MAX));
            assert!(segment.fields().all(|(number, field)| segment.field(number.into()) == field));
        }
    }
    #[test]
    fn transport_rests_and_blanks_at_ends_leave_no_trace_in_any_order() {
        let text = format!("{HEAD}\rPID|1||2||a\u{1C} \r \u{B}PV1|1|O\r");
        check(&text, &["MSH", "PID", "PV1"], &[]);
        assert_eq!(parsed(&text).value.first("PID").map(|pid| pid.raw()), Some("PID|1||2||a"));
    }
    #[test]
    fn every_line_end_is_read_and_odd_ones_are_told() {
        check(&format!("{HEAD}\rPID|1||2\r\r"), &["MSH", "PID"], &[]);
        check(&format!("{HEAD}\r\nPID|1||2  \r\n"), &["MSH", "PID"], &[Fault::LineFeeds]);
        check(&format!("{HEAD}\nPID|1||2||a"), &["MSH", "PID"], &[Fault::LineFeeds]);
    }
    #[test]
    fn a_cut_end_is_left_out_and_told() {
        check(&format!("{HEAD}\rPID|1||2||a\rOBX|1|NM|3A01"), &["MSH", "PID"], &[Fault::Truncated]);
        check(&format!("{HEAD}\rPID|1||2||a\rOB"), &["MSH", "PID"], &[Fault::Truncated]);
        check(&format!("{HEAD}\rPID|1||2||a\rOBX|1|NM|3A01\r"), &["MSH", "PID", "OBX"], &[]);
    }
    #[test]
    fn journal_lines_second_messages_and_rubbish_are_told() {
        check(&format!("#SSMIX,2.00,1\r{HEAD}\rPID|1\r"), &["MSH", "PID"], &[Fault::JournalHeader]);
        check(&format!("{HEAD}\rPID|1\r{HEAD}\rPID|1\r"), &["MSH", "PID"], &[Fault::DuplicateMessage]);
        let other = HEAD.replace("|7|", "|8|");
        check(&format!("{HEAD}\rPID|1\r{other}\rOBX|1\r"), &["MSH", "PID", "OBX"], &[Fault::SecondMessage]);
        check(&format!("{HEAD}\r見本花子\rPID|1\r"), &["MSH", "PID"], &[Fault::NotASegment]);
        assert_eq!(Message::parse("PID|1\r").unwrap_err(), MessageFailure::NoHeader);
        assert_eq!(Message::parse("MSH|^~\\&|HIS\r").unwrap_err(), MessageFailure::BrokenHeader);
        assert_eq!(Message::parse("MSH\r").unwrap_err(), MessageFailure::BrokenHeader);
    }
    #[test]
    fn yen_delimiters_are_delimiters() {
        let text = HEAD.replace('\\', "¥") + "\rNTE|1||a¥T¥b\r";
        let parsed = parsed(&text);
        assert_eq!(parsed.value.first("NTE").map(|nte| nte.field(3).text().into_owned()).as_deref(), Some("a&b"));
        assert_eq!(parsed.problems.len(), 1);
    }
    #[test]
    fn groups_begin_at_their_starters() {
        let text = format!("{HEAD}\rPID|1\rORC|NW\rRXE|1\rORC|NW\rRXE|2\rTQ1|1\r");
        let sizes: Vec<usize> = parsed(&text).value.groups(&["ORC"]).iter().map(|group| group.len()).collect();
        assert_eq!(sizes, [2, 3]);
    }
    proptest! {
        #[test]
        fn any_text_behind_a_header_is_split(rest in "([A-Z]{3}|[|^~\\\\&\r\n]|.){0,80}") {
            if let Ok(parsed) = Message::parse(&format!("{HEAD}{rest}")) {
                for segment in parsed.value.segments() {
                    for (number, field) in segment.fields() {
                        prop_assert_eq!(segment.field(number.into()), field);
                        field.repeats().for_each(|repeat| { let _ = (repeat.text(2), repeat.component(1).sub(2)); });
                    }
                }
            }
        }
    }
}
