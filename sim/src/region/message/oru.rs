//! ORU^R30: vital signs, kept in the extended storage.
use super::segment::{Desk, Order};
use crate::region::moment::Moment;
use crate::region::stream::Stream;

/// Blood pressure, pulse, temperature and oxygen saturation, measured at the order's moment.
pub(crate) fn vitals(desk: &Desk<'_>, order: &Order<'_>, stream: &mut Stream, sent: Moment) -> String {
    let mut message = desk.begin("ORU^R30^ORU_R30", sent, None);
    message.place(order.place, &[]);
    message.order(order, "SC", "", "");
    let (taken, reported) = (order.at.minute(), sent.second());
    message.segment(
        "OBR",
        &[
            (1, "1"),
            (2, order.number),
            (3, order.number),
            (4, "01^バイタル^99X05"),
            (7, &taken),
            (16, &order.place.doctor),
            (22, &reported),
        ],
    );
    let pressure = stream.between(112, 152);
    let rows = [
        ("9A751000000000001^収縮期血圧^JC10", pressure.to_string(), "mm(hg)^mmHg^ISO+", "90-139"),
        ("9A761000000000001^拡張期血圧^JC10", (pressure * 6 / 10).to_string(), "mm(hg)^mmHg^ISO+", "50-89"),
        ("9P300000000000001^脈拍^JC10", stream.between(58, 94).to_string(), "(hb)^回／分^ISO+", "50-100"),
        ("9P100000000000001^体温^JC10", format!("36.{}", stream.below(10)), "cel^℃^ISO+", "35.5-37.4"),
        ("3H065000000000001^ＳｐＯ２^JC10", stream.between(93, 99).to_string(), "%^％^ISO+", "95-100"),
    ];
    for (index, (code, value, unit, range)) in rows.iter().enumerate() {
        let number = (index + 1).to_string();
        message.segment(
            "OBX",
            &[
                (1, &number),
                (2, "NM"),
                (3, code),
                (5, value),
                (6, unit),
                (7, range),
                (11, "F"),
                (14, &order.at.second()),
            ],
        );
    }
    message.into_text()
}
