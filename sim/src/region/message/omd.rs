//! OMD: meals of a stay.
use super::segment::{Control, Desk, Order};
use crate::region::moment::{Moment, compact};

/// OMD^O03: a diet from supper on.
pub(crate) fn meals(desk: &Desk<'_>, order: &Order<'_>, diet: &str, control: Control, sent: Moment) -> String {
    let mut message = desk.begin("OMD^O03^OMD_O03", sent, None);
    message.place(order.place, &[]);
    message.order(order, control.code(), "", "");
    let supper = format!("{}18", compact(order.at.date));
    message.segment("TQ1", &[(1, "1"), (3, "TID&１日３回&HL70335"), (7, &supper), (9, "R^ルーチン^HL70485")]);
    message.segment("ODS", &[(1, "D"), (3, diet), (4, "塩分６ｇ未満")]);
    message.into_text()
}
