use super::page;
use crate::i18n::{Key, Words};
use crate::view::{Frame, icon, rich};
use crate::works::Line;
use maud::{Markup, html};
use service::health::Light;

/// Every check, the worst first, each with what to do.
pub fn doctor(frame: &Frame<'_>, lines: &[Line]) -> Markup {
    let words = frame.words;
    let mut sorted: Vec<&Line> = lines.iter().collect();
    sorted.sort_by_key(|line| std::cmp::Reverse(line.light));
    let count = |light: Light| lines.iter().filter(|line| line.light == light).count();
    let lead = words.with(
        Key::DoctorLead,
        &[
            ("red", count(Light::Red).into()),
            ("amber", count(Light::Amber).into()),
            ("green", count(Light::Green).into()),
        ],
    );
    let body = html! {
        section.card {
            @for line in sorted { (check(words, line)) }
        }
        p.card-note { (rich(&words.get(Key::DoctorMetrics))) }
    };
    page(frame, ("/admin/doctor", Key::DoctorTitle), &lead, &body)
}

fn check(words: &Words, line: &Line) -> Markup {
    let (class, shape, key) = match line.light {
        Light::Green => ("t-data", "green", Key::LightGreen),
        Light::Amber => ("t-late", "amber", Key::LightAmber),
        Light::Red => ("t-danger", "red", Key::LightRed),
    };
    let known = check_keys(&line.check);
    html! {
        div.check-line {
            span class=(format!("dot {class}")) { (icon(shape)) span.away { (words.get(key)) } }
            b { @match known { Some((name, _)) => (words.get(name)), None => (line.check) } }
            p { span class=(format!("pill {}", pill(line.light))) { (words.get(key)) } " " span.sub lang="en" { (rich(&line.found)) } }
            @if line.light != Light::Green {
                p.remedy { "→ " @match known { Some((_, remedy)) => (rich(&words.get(remedy))), None => span lang="en" { (rich(&line.remedy)) } } }
            }
        }
    }
}

fn pill(light: Light) -> &'static str {
    match light {
        Light::Green => "s-data",
        Light::Amber => "s-late",
        Light::Red => "s-danger",
    }
}

/// What a check is called, and what to do when it is not green.
fn check_keys(check: &str) -> Option<(Key, Key)> {
    Some(match check {
        "running" => (Key::CheckRunning, Key::RemedyRunning),
        "clock" => (Key::CheckClock, Key::RemedyClock),
        "store" => (Key::CheckStore, Key::RemedyStore),
        "index" => (Key::CheckIndex, Key::RemedyIndex),
        "facility" => (Key::CheckFacility, Key::RemedyFacility),
        "membership" => (Key::CheckMembership, Key::RemedyMembership),
        "emergency" => (Key::CheckEmergency, Key::RemedyEmergency),
        "node-keys" => (Key::CheckNodeKeys, Key::RemedyNodeKeys),
        "addresses" => (Key::CheckAddresses, Key::RemedyAddresses),
        "peers" => (Key::CheckPeers, Key::RemedyPeers),
        "freshness" => (Key::CheckFreshness, Key::RemedyFreshness),
        "witnesses" => (Key::CheckWitnesses, Key::RemedyWitnesses),
        "tags" => (Key::CheckTags, Key::RemedyTags),
        "alarms" => (Key::CheckAlarms, Key::RemedyAlarms),
        "room" => (Key::CheckRoom, Key::RemedyRoom),
        "verify" => (Key::CheckVerify, Key::RemedyVerify),
        "backup" => (Key::CheckBackup, Key::RemedyBackup),
        "drill" => (Key::CheckDrill, Key::RemedyDrill),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;
    use service::health::Check as C;

    #[test]
    fn every_check_of_the_doctor_has_a_name_and_a_remedy_in_both_languages() {
        let all = [
            C::Running,
            C::Clock,
            C::Store,
            C::Index,
            C::Facility,
            C::Membership,
            C::NodeKeys,
            C::Addresses,
            C::Peers,
            C::Freshness,
            C::Witnesses,
            C::Emergency,
            C::Tags,
            C::Alarms,
        ];
        // A new check does not compile until it is named here, and then this test asks for its words.
        let is_listed = |check: C| match check {
            C::Running
            | C::Clock
            | C::Store
            | C::Index
            | C::Facility
            | C::Membership
            | C::NodeKeys
            | C::Addresses
            | C::Peers
            | C::Freshness
            | C::Witnesses
            | C::Emergency
            | C::Tags
            | C::Alarms => all.contains(&check),
        };
        assert!(all.into_iter().all(is_listed));
        for word in all.iter().map(|check| check.word()).chain(["room", "verify", "backup", "drill"]) {
            let (name, remedy) = check_keys(word).unwrap_or_else(|| panic!("{word} has no words"));
            for lang in [Lang::Ja, Lang::En] {
                let words = Words::of(lang);
                assert!(words.get(name) != name.id() && words.get(remedy) != remedy.id(), "{word} {lang:?}");
            }
        }
    }
}
