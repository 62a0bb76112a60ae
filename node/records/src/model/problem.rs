use super::{Code, Line, LineKind, Mark, silent};
use crate::hl7::Stamp;
use serde::{Deserialize, Serialize};

/// All diagnoses that a house keeps of a patient (PPR-01).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problems {
    /// In the order sent.
    pub items: Vec<Disease>,
}

/// One diagnosis (病名).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disease {
    /// The whole name: modifiers before, disease, modifiers behind.
    pub name: String,
    /// 病名管理番号 or the site's own code.
    pub code: Code,
    /// 病名交換用コード (4 characters), if sent.
    pub exchange_code: String,
    /// ICD-10 without point.
    pub icd10: String,
    /// Edition of ICD-10 that it is of, `2003` or `2013` (PRB-10.7); empty if not said.
    pub icd10_edition: String,
    /// Under which insurance it is billed (ZI1-2).
    pub insurance: Code,
    /// Stable number of the diagnosis at the sender (PRB-4): the key to merge by.
    pub instance: String,
    /// 疑い
    pub suspected: bool,
    /// 主診断
    pub main: bool,
    /// 診断日 or 開始日
    pub from: Option<Stamp>,
    /// 転帰日
    pub to: Option<Stamp>,
    /// 転帰 (table 0241 or JHSD0006).
    pub outcome: Code,
    /// 入院時, 外来時 and the like (JHSD0004).
    pub class: Code,
    /// The sender says that it is no diagnosis any more (PRB-1 `DE`).
    pub withdrawn: bool,
    /// The sender marked it as restricted (PRB-25 `V`, `R` …): not to be shown by default, the patient may not know.
    pub restricted: bool,
    /// Comment.
    pub comment: String,
}

impl Problems {
    /// One line without the patient's name; restricted diagnoses do not appear in it.
    pub fn title(&self) -> String {
        let open = self.items.iter().filter(|item| !item.withdrawn && !item.restricted && item.to.is_none());
        let mut names: Vec<&str> = open.clone().filter(|item| item.main).map(|item| item.name.as_str()).collect();
        names.extend(open.filter(|item| !item.main).map(|item| item.name.as_str()));
        match names.as_slice() {
            [] => "病名".into(),
            [only] => (*only).to_owned(),
            [first, rest @ ..] => format!("{first} ほか{}件", rest.len()),
        }
    }
    /// Rows for reading; restricted diagnoses are in it, marked [`Mark::Alert`], for those who may see them.
    pub fn lines(&self) -> Vec<Line> {
        self.items.iter().map(Disease::line).collect()
    }
    /// The same list without what the sender marked as restricted: what may leave the house by default.
    pub fn without_restricted(&self) -> Self {
        Self { items: self.items.iter().filter(|item| !item.restricted).cloned().collect() }
    }
}

impl Disease {
    /// 病名管理番号 of the standard's term; none for a name that was typed in (未コード化) or a site's own code.
    pub fn medis(&self) -> Option<&str> {
        self.code.in_system("MDCDX2").filter(|code| code.len() == 8 && *code != UNCODED)
    }
    /// One row for reading.
    pub fn line(&self) -> Line {
        let span = |stamp: &Option<Stamp>| stamp.as_ref().map(Stamp::to_string).unwrap_or_default();
        let mut detail = vec![self.icd10.clone(), self.class.shown().to_owned(), self.outcome.shown().to_owned()];
        if self.from.is_some() || self.to.is_some() {
            detail.push(format!("{} – {}", span(&self.from), span(&self.to)).trim().to_owned());
        }
        detail.push(self.comment.clone());
        detail.retain(|text| !text.is_empty());
        let mark = match (self.withdrawn, self.restricted) {
            (true, _) => Mark::Struck,
            (_, true) => Mark::Alert,
            _ => Mark::None,
        };
        let suspected = if self.suspected { "（疑い）" } else { "" };
        let label = if self.main { "主診断" } else { "" };
        Line::of(LineKind::Disease, format!("{}{suspected}", self.name))
            .label(label)
            .detail(detail.join(" "))
            .mark(mark)
    }
}

/// 未コード化傷病名
const UNCODED: &str = "20084317";

silent!(Problems, Disease);
