use super::{field, order::Head, result};
use crate::hl7::{Message, Segment, types};
use crate::limits::DISTINCT_MAX;
use crate::model::{Finding, Imaging, Physiology, Procedure, Stage};
use crate::parsed::Problems;
use protocol::kinds::DataKind;
use std::collections::BTreeSet;

/// OMG-01, -02, -11, -12. The request (NW) and its parent (PA) are one examination; CH groups are its single procedures.
pub(super) fn imaging(kind: &DataKind, message: &Message<'_>, problems: &mut Problems) -> Imaging {
    let head = Head::read(message, problems);
    let performed = matches!(kind.as_str(), "OMG-11" | "OMG-12");
    let done = message.all("OBR").find_map(|obr| field::stamp(obr, 7, problems)).filter(|_| performed);
    let mut exam = Imaging {
        stage: head.stage(if performed { Stage::Performed } else { Stage::Ordered }),
        order: head.order,
        at: done.or(head.at),
        department: head.department,
        doctor: head.doctor,
        planned: head.planned,
        priority: head.priority,
        ..Imaging::default()
    };
    if let Some(ipc) = message.first("IPC") {
        exam.accession = field::text(ipc, 1);
        exam.study_uid = field::text(ipc, 3);
        exam.modality = field::coded(ipc, 5, "").code;
    }
    let starter = if message.has("ORC") { "ORC" } else { "OBR" };
    // Request, parent and children repeat the same findings.
    let mut told = BTreeSet::new();
    for group in message.groups(&[starter]) {
        let control = field::find(group, "ORC").map(|orc| field::text(orc, 1)).unwrap_or_default();
        let obr = field::find(group, "OBR");
        let asked = obr.map(|obr| field::coded(obr, 4, "")).unwrap_or_default();
        let done = procedures(group);
        if control != "CH" && exam.exam.is_empty() {
            exam.exam = asked;
        } else if control == "CH" && done.is_empty() && !asked.is_empty() {
            exam.procedures.push(Procedure { code: asked, ..Procedure::default() });
        }
        exam.procedures.extend(done);
        for finding in findings(group, problems) {
            if told.insert((finding.label.clone(), finding.text.clone())) {
                exam.findings.push(finding);
            }
        }
    }
    exam
}

/// OMG-03 and OMG-13: measurements are rows, texts are findings.
pub(super) fn physiology(kind: &DataKind, message: &Message<'_>, problems: &mut Problems) -> Physiology {
    let head = Head::read(message, problems);
    let performed = kind.as_str() == "OMG-13";
    let done = message.all("OBR").find_map(|obr| field::stamp(obr, 7, problems)).filter(|_| performed);
    let mut exam = Physiology {
        stage: head.stage(if performed { Stage::Performed } else { Stage::Ordered }),
        order: head.order,
        at: done.or(head.at),
        department: head.department,
        doctor: head.doctor,
        planned: head.planned,
        priority: head.priority,
        ..Physiology::default()
    };
    for obr in message.all("OBR") {
        let code = field::coded(obr, 4, "");
        if !code.is_empty() && exam.exams.len() < DISTINCT_MAX && !exam.exams.contains(&code) {
            exam.exams.push(code);
        }
        let asked = Finding { label: "臨床情報".into(), text: field::free_text(obr, 13, problems) };
        if !asked.text.is_empty() && exam.findings.len() < DISTINCT_MAX && !exam.findings.contains(&asked) {
            exam.findings.push(asked);
        }
    }
    for segment in message.segments() {
        match segment.name() {
            "OBX" if is_text(*segment) => exam.findings.extend(finding(*segment, problems)),
            "OBX" => exam.items.push(result::item(*segment, problems)),
            "NTE" => exam.findings.extend(note(*segment, problems)),
            _ => {}
        }
    }
    exam
}

/// What was done (ZE1) with its exposure data (ZE2).
fn procedures(group: &[Segment<'_>]) -> Vec<Procedure> {
    let mut done: Vec<Procedure> = Vec::new();
    for segment in group {
        match (segment.name(), done.last_mut()) {
            ("ZE1", _) => {
                let code = field::coded(*segment, 3, "");
                done.push(Procedure {
                    code,
                    count: field::text(*segment, 4),
                    performed: true,
                    exposure: String::new(),
                });
            }
            ("ZE2", Some(last)) => {
                let parts =
                    (2..=5).map(|n| segment.field(n).first()).map(|part| format!("{}{}", part.text(1), part.text(2)));
                last.exposure = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
            }
            _ => {}
        }
    }
    done.retain(|procedure| !procedure.code.is_empty());
    done
}

fn findings(group: &[Segment<'_>], problems: &mut Problems) -> Vec<Finding> {
    let found = group.iter().filter_map(|segment| match segment.name() {
        "OBX" => finding(*segment, problems),
        "NTE" => note(*segment, problems),
        _ => None,
    });
    found.collect()
}

fn finding(obx: Segment<'_>, problems: &mut Problems) -> Option<Finding> {
    let label = types::code(obx.field(3).first()).shown().to_owned();
    let unit = types::code(obx.field(6).first());
    let text = format!("{}{}", result::value(obx, problems), unit.shown());
    (!text.is_empty()).then_some(Finding { label, text })
}

fn note(nte: Segment<'_>, problems: &mut Problems) -> Option<Finding> {
    let text = field::free_text(nte, 3, problems);
    (!text.is_empty()).then(|| Finding { label: "コメント".into(), text })
}

fn is_text(obx: Segment<'_>) -> bool {
    matches!(field::text(obx, 2).as_str(), "TX" | "FT") || obx.field(3).component(1).raw().contains("IMP")
}
