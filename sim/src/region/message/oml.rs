//! OML: blood tests ordered and reported.
use super::segment::{Control, Desk, Order};
use crate::region::illness::Illness;
use crate::region::labs::{self, Item, Specimen};
use crate::region::moment::{Moment, age, compact};
use crate::region::people::Sex;
use crate::region::stream::{Source, Stream};
use protocol::time::Date;
use std::collections::BTreeMap;

/// Items with their values, by specimen.
pub(crate) struct Values(BTreeMap<Specimen, Vec<(&'static Item, i32)>>);

impl Values {
    /// What `items` are on `date`; an item that is named twice counts once. The filtration rate follows from creatinine.
    pub(crate) fn draw(
        desk: &Desk<'_>,
        items: &[&'static Item],
        acute: Option<(&Illness, i32)>,
        date: Date,
        source: Source,
        noise: &mut Stream,
    ) -> Self {
        let mut found: BTreeMap<Specimen, Vec<(&'static Item, i32)>> = BTreeMap::new();
        let mut creatinine = 80;
        for item in items {
            let rows = found.entry(item.specimen).or_default();
            if rows.iter().any(|(known, _)| std::ptr::eq(*known, *item)) {
                continue;
            }
            let mut value = item.value(desk.person, acute, date, source, noise);
            if std::ptr::eq(*item, &labs::CRE) {
                creatinine = value.max(20);
            } else if std::ptr::eq(*item, &labs::EGFR) {
                let years = age(desk.person.birth, date) as i32;
                let rate = 194 * (4200 - 17 * years) / (10 * creatinine);
                value = if desk.person.sex == Sex::Female { rate * 739 / 1000 } else { rate };
            }
            rows.push((item, value));
        }
        Self(found)
    }
}

/// OML^O33 of OML-01: specimens and items, no values.
pub(crate) fn lab_order(desk: &Desk<'_>, order: &Order<'_>, values: &Values, control: Control, sent: Moment) -> String {
    let mut message = desk.begin("OML^O33^OML_O33", sent, None);
    message.place(order.place, &[]);
    let taken = order.at.plus_minutes(20).minute();
    for (at, (specimen, rows)) in values.0.iter().enumerate() {
        message.segment("SPM", &[(1, &(at + 1).to_string()), (4, specimen.material()), (17, &taken)]);
        message.order(order, control.code(), "", "");
        message.segment("TQ1", &[(1, "1"), (7, &compact(order.at.date)), (9, "R^ルーチン^HL70485")]);
        message.segment("OBR", &[(1, "1"), (2, order.number), (4, specimen.group()), (16, &order.place.doctor)]);
        for (index, (item, _)) in rows.iter().enumerate() {
            message.segment("OBX", &[(1, &(index + 1).to_string()), (3, &code(item)), (11, "O")]);
        }
    }
    message.into_text()
}

/// OUL^R22 of OML-11: values of a sample taken at `taken`. An intermediate report (`P`) has no final values yet.
pub(crate) fn lab_result(desk: &Desk<'_>, order: &Order<'_>, values: &Values, status: &str, sent: Moment) -> String {
    let mut message = desk.begin("OUL^R22^OUL_R22", sent, None);
    message.place(order.place, &[]);
    let taken = order.at.plus_minutes(20).minute();
    for (at, (specimen, rows)) in values.0.iter().enumerate() {
        let label = format!("{}{at}", &order.number[2..]);
        message.segment("SPM", &[(1, &(at + 1).to_string()), (2, &label), (4, specimen.material()), (17, &taken)]);
        message.segment(
            "OBR",
            &[
                (1, "1"),
                (2, order.number),
                (3, &label),
                (4, specimen.group()),
                (7, &taken),
                (8, &taken),
                (16, &order.place.doctor),
                (22, &sent.second()),
            ],
        );
        message.order(order, "SC", "", "");
        for (index, (item, value)) in rows.iter().enumerate() {
            let number = (index + 1).to_string();
            let below = item.low == 0 && *value < 2;
            let (kind, text) = if below { ("ST", format!("< {}", item.text(2))) } else { ("NM", item.text(*value)) };
            message.segment(
                "OBX",
                &[
                    (1, &number),
                    (2, kind),
                    (3, &code(item)),
                    (5, &text),
                    (6, item.unit),
                    (7, &item.range()),
                    (8, item.flag(*value)),
                    (11, status),
                    (14, &taken),
                ],
            );
        }
        if status == "P" {
            message.segment("NTE", &[(1, "1"), (3, "中間報告\\.br\\担当: 検査部")]);
        }
    }
    message.into_text()
}

fn code(item: &Item) -> String {
    format!("{}^{}^JC10^{}^99X03", item.code, item.name, item.local)
}
