use super::{Code, LabItem, LabReport, LabRow, Line, LineKind, silent};

/// One organism that grew in a culture, with what it is susceptible to. Microbiology has no kind of its own: its rows stand
/// among laboratory results, with JANIS codes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Culture {
    /// 材料
    pub specimen: Code,
    /// The organism (JANIS or the site's own code).
    pub organism: Code,
    /// How much of it, as sent.
    pub quantity: String,
    /// Drugs that were tested.
    pub susceptibilities: Vec<Susceptibility>,
}

/// One drug tested against an organism.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Susceptibility {
    /// The drug.
    pub drug: Code,
    /// Minimal inhibitory concentration or zone, as sent with its unit.
    pub value: String,
    /// `S`, `I`, `R`, `MS`, `VS` (table 0078); empty if only a value was sent.
    pub judgement: String,
}

impl LabReport {
    /// The organisms of a report, each with its quantity (the row with the same OBX-4) and its susceptibilities (the groups
    /// that name its row as parent, or carry the same OBX-4).
    pub fn cultures(&self) -> Vec<Culture> {
        let rows = || self.items.iter().filter(|item| item.row == LabRow::Result);
        let grown = rows().filter(|item| item.value_code.system == "JANIS" && !is_judged(item));
        let cultures = grown.map(|item| {
            let beside = |other: &&LabItem| {
                !std::ptr::eq(*other, item)
                    && other.sub_id == item.sub_id
                    && other.group == item.group
                    && !item.sub_id.is_empty()
            };
            let quantity = rows().filter(beside).find(|other| other.value_code.is_empty() && !is_judged(other));
            let tested = rows().filter(|other| is_judged(other) && belongs(other, item));
            Culture {
                specimen: item.specimen.clone(),
                organism: item.value_code.clone(),
                quantity: quantity.map(|other| other.value.clone()).unwrap_or_default(),
                susceptibilities: tested.map(susceptibility).collect(),
            }
        });
        cultures.take(CULTURES_MAX).collect()
    }
}

impl Culture {
    /// One row for reading: the organism, its quantity, and drugs by judgement.
    pub(super) fn line(&self) -> Line {
        let drugs = self.susceptibilities.iter().map(|tested| format!("{} {}", tested.drug.shown(), tested.judgement));
        let detail = drugs.map(|text| text.trim().to_owned()).collect::<Vec<_>>().join("、");
        let value = format!("{} {}", self.organism.shown(), self.quantity).trim().to_owned();
        Line::of(LineKind::Finding, value).label("培養").detail(detail)
    }
}

/// More organisms than any culture grows; each is compared with every row.
const CULTURES_MAX: usize = 50;

/// A row on the susceptibility to a drug.
fn is_judged(item: &LabItem) -> bool {
    item.code.system == "JANIS" || matches!(item.flag.as_str(), "S" | "I" | "R" | "MS" | "VS")
}

fn belongs(tested: &LabItem, organism: &LabItem) -> bool {
    match tested.parent.sub_id.as_str() {
        "" => tested.sub_id == organism.sub_id,
        parent => parent == organism.sub_id,
    }
}

fn susceptibility(item: &LabItem) -> Susceptibility {
    Susceptibility {
        drug: item.code.clone(),
        value: format!("{} {}", item.value, item.unit).trim().to_owned(),
        judgement: item.flag.clone(),
    }
}

silent!(Culture, Susceptibility);
