use super::{field, order::Head, prescription, usage};
use crate::hl7::{Message, Segment};
use crate::model::{Drug, DrugSystem, Infusion, Injection, Stage};
use crate::parsed::Problems;

/// OMP-02 and OMP-12: one ORC group per time of giving; the drugs are RXC (ordered) or RXA (given).
pub(super) fn injection(message: &Message<'_>, problems: &mut Problems) -> Injection {
    let head = Head::read(message, problems);
    let performed = message.has("RXA");
    let given = message.first("RXA").and_then(|rxa| field::stamp(rxa, 3, problems));
    let starter = if message.has("ORC") {
        "ORC"
    } else if performed {
        "RXA"
    } else {
        "RXE"
    };
    let infusions = message.groups(&[starter]).into_iter().map(|group| infusion(group, problems));
    let infusions: Vec<Infusion> = infusions.filter(|infusion| !infusion.drugs.is_empty()).collect();
    Injection {
        stage: head.stage(if performed { Stage::Performed } else { Stage::Ordered }),
        order: head.order,
        at: given.or(head.at),
        department: head.department,
        doctor: head.doctor,
        infusions,
    }
}

fn infusion(group: &[Segment<'_>], problems: &mut Problems) -> Infusion {
    let mut infusion = Infusion {
        number: field::find(group, "ORC").map(|orc| field::text(orc, 4)).unwrap_or_default(),
        usage: usage::usage(group, problems),
        ..Infusion::default()
    };
    let named = |name: &'static str| group.iter().copied().filter(move |segment| segment.name() == name);
    let given: Vec<Drug> = named("RXA").map(|rxa| prescription::of_rxa(rxa, problems)).collect();
    let mixed: Vec<Drug> = named("RXC").map(|rxc| prescription::of_rxc(rxc, problems)).collect();
    if let Some(rxe) = field::find(group, "RXE") {
        let class = field::coded(rxe, 2, "");
        infusion.volume = field::amount(rxe, 3, 5);
        let rate = field::amount(rxe, 23, 24);
        infusion.rate = if rate.number.is_empty() { field::text(rxe, 22) } else { rate.shown() };
        infusion.comments = [7, 27].iter().flat_map(|n| field::words(rxe, *n)).collect();
        // Some writers put the drug where the 注射種別 belongs.
        let is_drug = class.system != "JHSI0002" && mixed.is_empty() && given.is_empty();
        if is_drug && !class.is_empty() {
            let system = DrugSystem::of(&class.code, &class.system);
            infusion.drugs.push(Drug { code: class, system, dose: infusion.volume.clone(), ..Drug::default() });
        } else {
            infusion.class = class;
        }
    }
    if let Some(rxr) = field::find(group, "RXR") {
        infusion.route = field::coded(rxr, 1, "HL70162");
        infusion.site = field::coded(rxr, 2, "");
        infusion.device = field::coded(rxr, 3, "HL70164");
    }
    if let Some(rxa) = field::find(group, "RXA").filter(|_| infusion.rate.is_empty()) {
        infusion.rate = field::text(rxa, 12);
    }
    infusion.drugs.extend(if given.is_empty() { mixed } else { given });
    infusion.comments.extend(field::comments(group, problems));
    infusion
}
