use crate::desk::{MemberPart, NetworkPart, NetworkView};
use crate::i18n::{Key, Words};
use crate::view::{colour, moment, seal_letter};
use maud::{Markup, html};
use protocol::policy::Freshness;
use protocol::time::Millis;

/// The networks as a drawing: own facility in the middle, members around it that have something to say or are near, relays with
/// a dotted ring, accords as double lines between boxes. The table below it has all.
pub fn drawing(words: &Words, view: &NetworkView) -> Markup {
    let count = view.networks.len().max(1);
    let width = count * BOX + (count - 1) * GAP;
    let label = words.with(Key::DrawingLabel, &[("n", view.networks.len().into())]);
    html! {
        div.net-scroll tabindex="0" role="region" aria-label=(words.get(Key::DrawingTitle)) {
            svg role="img" aria-label=(label) viewBox=(format!("0 0 {width} {HEIGHT}")) {
                @for (index, _) in view.networks.iter().enumerate().skip(1) { (accord(view, index)) }
                @for (index, network) in view.networks.iter().enumerate() { (network_box(words, network, index * (BOX + GAP), view.now)) }
            }
        }
    }
}

/// A double line to the box on the left, if there is an accord in force.
fn accord(view: &NetworkView, index: usize) -> Markup {
    let (one, other) = (view.networks[index - 1].id, view.networks[index].id);
    let holds = |accord: &service::accords::AccordView| {
        let pair = (accord.accord.a, accord.accord.b);
        accord.in_force && (pair == (one, other) || pair == (other, one))
    };
    let (from, to, middle) = (index * (BOX + GAP) - GAP, index * (BOX + GAP), HEIGHT / 2);
    html! { @if view.accords.iter().any(holds) {
        @for y in [middle - 3, middle + 3] { line.net-accord x1=(from) x2=(to) y1=(y) y2=(y) {} }
    } }
}

fn network_box(words: &Words, network: &NetworkPart, left: usize, now: Millis) -> Markup {
    let shown = chosen(network, now);
    let places = around(shown.len());
    let at = |place: (i32, i32)| (left as i32 + BOX as i32 / 2 + place.0, HEIGHT as i32 / 2 + 14 + place.1);
    let centre = shown.first().map(|_| at(places[0]));
    html! {
        rect.net-box x=(left + 1) y="1" width=(BOX - 2) height=(HEIGHT - 2) rx="8" {}
        text.net-name x=(left + 16) y="26" { (cut(&network.name)) }
        text.net-n x=(left + BOX - 16) y="26" text-anchor="end" { (words.with(Key::HomeMembers, &[("n", network.members.len().into())])) }
        @for (member, place) in shown.iter().zip(&places).skip(1) {
            @if let Some((x, y)) = centre {
                @let (to_x, to_y) = at(*place);
                line class=(if member.is_online || member.is_own { "net-line" } else { "net-line off" }) x1=(x) y1=(y) x2=(to_x) y2=(to_y) {}
            }
        }
        @for (member, place) in shown.iter().zip(&places) { (node(words, member, at(*place), now)) }
    }
}

/// Own facilities, then those that are silent, then the others; as many as the circle holds.
fn chosen(network: &NetworkPart, now: Millis) -> Vec<&MemberPart> {
    let mut all: Vec<&MemberPart> = network.members.iter().collect();
    let rank = |one: &MemberPart| match (one.is_own, one.is_relay, one.freshness(now)) {
        (true, ..) => 0,
        (_, true, _) => 1,
        (_, _, Some(Freshness::Red) | None) => 2,
        (_, _, Some(Freshness::Amber)) => 3,
        _ if !one.is_online => 3,
        _ => 4,
    };
    all.sort_by_key(|one| rank(one));
    all.truncate(MEMBERS_DRAWN_MAX);
    all
}

/// The middle, and places on a circle around it.
fn around(count: usize) -> Vec<(i32, i32)> {
    let step = std::f64::consts::TAU / (count.saturating_sub(1)).max(1) as f64;
    let on_circle = |index: usize| {
        let angle = step * index as f64 - std::f64::consts::FRAC_PI_2;
        ((angle.cos() * 148.0).round() as i32, (angle.sin() * 126.0).round() as i32)
    };
    std::iter::once((0, 0)).chain((0..count.saturating_sub(1)).map(on_circle)).collect()
}

fn node(words: &Words, member: &MemberPart, (x, y): (i32, i32), now: Millis) -> Markup {
    let own = if member.is_own { " own" } else { "" };
    // Own and connected ones are fresh; of the others the line below says since when.
    let (class, shape) = if member.is_own || member.is_online { ("t-data", "green") } else { ("t-danger", "offline") };
    let below = match (member.is_own, member.is_online, member.seen) {
        (true, ..) => words.get(Key::MemberOwn),
        (_, true, _) => words.get(Key::MemberOnline),
        (_, _, Some(seen)) => words.with(Key::MemberSeen, &[("since", moment(seen, now).into())]),
        _ => words.get(Key::MemberNever),
    };
    html! {
        g class=(colour(member.facility.class, member.is_own)) {
            title { (member.facility.name) " · " (below) }
            @if member.is_relay { circle.net-relay cx=(x) cy=(y) r="25" {} }
            circle class=(format!("net-node{own}")) cx=(x) cy=(y) r="20" {}
            text class=(format!("net-letter{own}")) x=(x) y=(y + 5) { (seal_letter(member.facility.class)) }
            g class=(class) { use href=(format!("#i-{shape}")) x=(x + 10) y=(y - 24) width="14" height="14" fill="currentColor" {} }
            text.net-text x=(x) y=(y + 36) { (cut(&member.facility.name)) }
            text.net-text x=(x) y=(y + 50) { (below) }
        }
    }
}

/// As many letters as fit below a circle.
fn cut(name: &str) -> String {
    let short: String = name.chars().take(NAME_CHARS).collect();
    if short.len() < name.len() { format!("{short}…") } else { short }
}

const BOX: usize = 410;
const GAP: usize = 44;
const HEIGHT: usize = 400;
/// What the circle holds without names over names.
const MEMBERS_DRAWN_MAX: usize = 9;
const NAME_CHARS: usize = 11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_apart_and_inside_the_box() {
        for count in 0..=MEMBERS_DRAWN_MAX {
            let places = around(count);
            assert_eq!(places.len(), count.max(1));
            for (index, one) in places.iter().enumerate() {
                assert!(
                    one.0.unsigned_abs() as usize + 30 < BOX / 2 && one.1.unsigned_abs() as usize + 50 < HEIGHT / 2
                );
                assert!(
                    places[..index].iter().all(|other| (one.0 - other.0).abs() + (one.1 - other.1).abs() > 60),
                    "{count}"
                );
            }
        }
    }
}
