use super::{field, order::Head, result};
use crate::Fault;
use crate::hl7::{Message, Segment, Stamp, types};
use crate::limits::LABEL_BYTES_MAX;
use crate::model::{Code, LabItem, LabReport, LabRow, LabStatus, ParentResult, Stage};
use crate::parsed::Problems;
use protocol::kinds::DataKind;

/// OML-11 and OML-01: specimens, groups, rows and comments, in whatever order the sender puts them.
pub(super) fn report(kind: &DataKind, message: &Message<'_>, problems: &mut Problems) -> LabReport {
    let head = Head::read(message, problems);
    let ordered = kind.as_str() == "OML-01";
    let mut walk = Walk { ordered, ..Walk::default() };
    for segment in message.segments() {
        walk.step(*segment, problems);
    }
    walk.close_group(problems);
    let mut report = walk.report;
    report.stage = head.stage(if ordered { Stage::Ordered } else { Stage::Performed });
    report.order = head.order;
    report.department = head.department;
    report.doctor = head.doctor;
    (report.planned, report.priority) = (head.planned, head.priority);
    let drawn = report.items.iter().find_map(|item| item.at.clone());
    report.at = walk.drawn.or(drawn).or(if ordered { head.at } else { None });
    report
}

/// Where the walk over the segments stands.
#[derive(Default)]
struct Walk {
    report: LabReport,
    ordered: bool,
    specimen: Code,
    drawn: Option<Stamp>,
    /// The running OBR: its test, its time, and how many rows stood before it.
    group: Option<Group>,
    /// Bytes of labels that rows repeat; bounded, so that one long label times many rows does not fill the memory.
    labels: usize,
    /// Whether the last row or the report takes the next comment.
    behind_row: bool,
}

/// One OBR: the test as it was ordered, its time, the result it belongs to, and how many rows stood before it.
#[derive(Clone, Default)]
struct Group {
    test: Code,
    at: Option<Stamp>,
    parent: ParentResult,
    before: usize,
}

impl Walk {
    fn step(&mut self, segment: Segment<'_>, problems: &mut Problems) {
        match segment.name() {
            "SPM" => {
                self.close_group(problems);
                self.specimen = field::coded(segment, 4, "");
                let drawn = field::stamp(segment, 17, problems);
                if self.drawn.is_none() {
                    self.drawn = drawn;
                }
                self.behind_row = false;
            }
            "OBR" => {
                self.close_group(problems);
                self.group = Some(Group {
                    test: field::coded(segment, 4, ""),
                    at: field::stamp(segment, 7, problems),
                    parent: parent(segment),
                    before: self.report.items.len(),
                });
                if self.report.reported.is_none() {
                    self.report.reported = field::stamp(segment, 22, problems);
                }
                self.behind_row = false;
            }
            "OBX" => {
                self.row(segment, problems);
                self.behind_row = true;
            }
            "NTE" => {
                let text = field::free_text(segment, 3, problems);
                if text.is_empty() {
                    return;
                }
                match self.report.items.last_mut().filter(|_| self.behind_row) {
                    Some(item) => item.comments.push(text),
                    None => self.report.comments.push(text),
                }
            }
            "ORC" => self.behind_row = false,
            _ => {}
        }
    }

    fn row(&mut self, obx: Segment<'_>, problems: &mut Problems) {
        let mut item = result::item(obx, problems);
        // Rows before the first OBR belong to the specimen: its condition, never a result.
        let none = Group::default();
        let group = self.group.as_ref().unwrap_or(&none);
        item.row = if self.group.is_none() { LabRow::Specimen } else { kind_of(obx, &item) };
        if item.code.is_empty() {
            item.code = group.test.clone();
        }
        // A row with nothing but the site's own code is the standard test that was ordered, if that was one test.
        if item.jlac10.is_empty() && result::is_whole_jlac10(&group.test) {
            item.jlac10 = group.test.code.clone();
        }
        if self.ordered && item.value.is_empty() {
            item.status = LabStatus::Ordered;
        }
        item.at = item.at.or_else(|| group.at.clone());
        self.labels += size(&group.test) * 2 + size(&self.specimen) + size(&group.parent.test);
        if self.labels <= LABEL_BYTES_MAX {
            item.group = group.test.shown().to_owned();
            item.ordered = group.test.clone();
            item.parent = group.parent.clone();
            item.specimen = self.specimen.clone();
        } else {
            problems.add_once(obx.place(), Fault::BeyondLimit);
        }
        self.report.items.push(item);
    }

    /// A group without rows: the test itself was asked for, or its result is not there yet.
    fn close_group(&mut self, problems: &mut Problems) {
        let Some(Group { test: code, at, parent, before }) = self.group.take() else { return };
        if self.report.items.len() > before || code.is_empty() {
            return;
        }
        if !self.ordered {
            problems.add_once(crate::Place::File, Fault::NoResult);
        }
        self.report.items.push(LabItem {
            group: code.shown().to_owned(),
            jlac10: result::jlac10_of(&code),
            ordered: code.clone(),
            parent,
            code,
            specimen: self.specimen.clone(),
            status: LabStatus::Ordered,
            at,
            ..LabItem::default()
        });
    }
}

fn size(code: &Code) -> usize {
    let other = code.other.as_ref().map_or(0, |other| other.code.len() + other.text.len() + other.system.len());
    code.code.len() + code.text.len() + code.system.len() + other
}

/// OBR-26: `code&name&system^sub-id^text`.
fn parent(obr: Segment<'_>) -> ParentResult {
    let first = obr.field(26).first();
    ParentResult {
        test: types::code(first.component(1).as_repeat()),
        sub_id: first.text(2).into_owned(),
        value: first.text(3).into_owned(),
    }
}

/// Some writers send the state of the specimen and comments as ordinary rows (OBX-13 `R`, or by name).
fn kind_of(obx: Segment<'_>, item: &LabItem) -> LabRow {
    let name = item.code.shown();
    if SPECIMEN_ROWS.contains(&name) && item.jlac10.is_empty() {
        LabRow::Specimen
    } else if item.row == LabRow::Remark || field::text(obx, 13) == "R" || name == "コメント" {
        LabRow::Remark
    } else {
        LabRow::Result
    }
}

const SPECIMEN_ROWS: &[&str] = &["溶血", "混濁", "乳び", "乳糜", "黄疸", "フィブリン", "検体状態", "検体コメント"];
