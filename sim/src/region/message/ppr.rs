//! PPR: all diagnoses of a patient in one message.
use super::segment::{Desk, Order};
use crate::region::illness::Ailment;
use crate::region::moment::{Moment, compact};

/// PPR^ZD1 of PPR-01. A diagnosis that a clerk typed in freely (未コード化) and is only suspected goes last, if there is one.
pub(crate) fn problems(
    desk: &Desk<'_>,
    order: &Order<'_>,
    ailments: &[&Ailment],
    suspected: Option<&str>,
    sent: Moment,
) -> String {
    let mut message = desk.begin("PPR^ZD1^PPR_ZD1", sent, None);
    let at = order.at.second();
    let instance = |index: usize| format!("{:08}{index:04}", desk.person.number);
    for (index, ailment) in ailments.iter().enumerate() {
        let illness = ailment.illness;
        let term = format!("{}^{}^MDCDX2", illness.term, illness.name);
        let class = format!("{}^^I10^O^外来時^JHSD0004^2013", illness.icd10);
        let (onset, instance) = (compact(ailment.onset), instance(index));
        let rank = if index == 0 { "1^主診断^JHSD0007" } else { "" };
        let security = if illness.restricted { "V^very restricted^HL70177" } else { "" };
        message.segment(
            "PRB",
            &[
                (1, "AD"),
                (2, &at),
                (3, &term),
                (4, &instance),
                (7, &onset),
                (10, &class),
                (14, "N^回復せず^HL70241"),
                (15, &at[..8]),
                (16, &onset),
                (18, rank),
                (25, security),
            ],
        );
        message.segment("ZPR", &[(2, &term), (5, &format!("{}^{}^MDCDX2", illness.exchange, illness.name))]);
        message.order(order, "NW", "", "");
    }
    if let Some(text) = suspected {
        let term = format!("20084317^{text}^MDCDX2");
        let instance = instance(ailments.len());
        message.segment(
            "PRB",
            &[
                (1, "AD"),
                (2, &at),
                (3, &term),
                (4, &instance),
                (7, &at[..8]),
                (10, "^^^O^外来時^JHSD0004"),
                (13, "1^疑い^JHSD0005"),
            ],
        );
        message.segment("ZPR", &[(2, "20084317^未コード化病名^MDCDX2"), (7, "原病名は施設入力のまま")]);
        message.order(order, "NW", "", "");
    }
    message.into_text()
}
