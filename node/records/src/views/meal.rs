use super::{field, order::Head};
use crate::hl7::{Message, Segment, types};
use crate::model::{Code, Meal, MealOrder, Stage};
use crate::parsed::Problems;

/// OMD: one ORC group per change of diet, with one ODS or several.
pub(super) fn meals(message: &Message<'_>, problems: &mut Problems) -> MealOrder {
    let head = Head::read(message, problems);
    let mut order = MealOrder {
        stage: head.stage(Stage::Ordered),
        order: head.order,
        at: head.at,
        department: head.department,
        doctor: head.doctor,
        meals: Vec::new(),
    };
    let starter = if message.has("ORC") { "ORC" } else { "ODS" };
    for group in message.groups(&[starter]) {
        let first = order.meals.len();
        order.meals.extend(group.iter().filter(|segment| segment.name() == "ODS").map(|ods| meal(*ods, problems)));
        let Some(own) = order.meals.get_mut(first..).filter(|own| !own.is_empty()) else { continue };
        if let Some(tq1) = field::find(group, "TQ1") {
            let (start, end) = (field::stamp(tq1, 7, problems), field::stamp(tq1, 8, problems));
            let pattern = types::code(tq1.field(3).first().component(1).as_repeat());
            for meal in own.iter_mut() {
                meal.pattern = Code { other: None, ..pattern.clone() };
                (meal.start, meal.end) = (start.clone(), end.clone());
                meal.priority = field::coded(tq1, 9, "HL70485");
            }
        }
        let notes = field::comments(group, problems);
        if let Some(last) = own.last_mut() {
            last.instructions.extend(notes);
        }
    }
    order
}

fn meal(ods: Segment<'_>, problems: &mut Problems) -> Meal {
    let codes = |number: usize| ods.field(number).repeats().map(types::code).filter(|code| !code.is_empty()).collect();
    let instruction = field::free_text(ods, 4, problems);
    Meal {
        class: field::coded(ods, 1, "HL70159"),
        diets: codes(3),
        periods: codes(2),
        instructions: (!instruction.is_empty()).then_some(instruction).into_iter().collect(),
        ..Meal::default()
    }
}
