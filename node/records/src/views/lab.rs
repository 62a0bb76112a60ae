use super::{field, order::Head, result};
use crate::Fault;
use crate::hl7::{Message, Segment, Stamp};
use crate::model::{Code, LabItem, LabReport, LabStatus, Stage};
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
    group: Option<(Code, Option<Stamp>, usize)>,
    /// Whether the last row or the report takes the next comment.
    behind_row: bool,
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
                let at = field::stamp(segment, 7, problems);
                self.group = Some((field::coded(segment, 4, ""), at, self.report.items.len()));
                if self.report.reported.is_none() {
                    self.report.reported = field::stamp(segment, 22, problems);
                }
                self.behind_row = false;
            }
            // Rows before the first OBR belong to the specimen: its condition, never a result.
            "OBX" if self.group.is_some() => {
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
        let (group, at, _) = self.group.clone().unwrap_or_default();
        if item.code.is_empty() {
            item.code = group.clone();
        }
        if self.ordered && item.value.is_empty() {
            item.status = LabStatus::Ordered;
        }
        item.group = group.shown().to_owned();
        item.specimen = self.specimen.clone();
        item.at = item.at.or(at);
        self.report.items.push(item);
    }

    /// A group without rows: the test itself was asked for, or its result is not there yet.
    fn close_group(&mut self, problems: &mut Problems) {
        let Some((code, at, before)) = self.group.take() else { return };
        if self.report.items.len() > before || code.is_empty() {
            return;
        }
        if !self.ordered {
            problems.add_once(crate::Place::File, Fault::NoResult);
        }
        self.report.items.push(LabItem {
            group: code.shown().to_owned(),
            code,
            specimen: self.specimen.clone(),
            status: LabStatus::Ordered,
            at,
            ..LabItem::default()
        });
    }
}
