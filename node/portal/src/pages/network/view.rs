use super::super::emergency::disaster_link;
use super::clauses::accord;
use super::drawing::drawing;
use crate::desk::{MemberPart, NetworkPart, NetworkView};
use crate::i18n::{Key, Words};
use crate::view::{Frame, Nav, facility, fresh_sign, icon, member_state};
use maud::{Markup, html};
use protocol::policy::Freshness;
use protocol::time::{DAY_MS, Millis};
use service::Service;
use service::staff::Right;

/// The network: what is so in one sentence, the schematic, everybody as a table, accords in sentences, what waits for the office.
pub fn network(frame: &Frame<'_>, view: &NetworkView) -> Markup {
    let words = frame.words;
    let title = words.get(Key::NetworkTitle);
    let body = html! {
        main.page #main {
            div.page-head {
                div { h1 { (title) } p.lead { (lead(words, view)) } }
                p.actions {
                    (disaster_link(words, frame.disasters.len()))
                    @if frame.may(Right::RunNetwork) {
                        a.btn href="/founders" { (words.get(Key::OfficeTitle)) span.count-badge { (view.waiting.0 + view.waiting.1) } }
                        a.btn.btn-primary href="/founders/invite" { (words.get(Key::InviteTitle)) }
                    }
                }
            }
            @if view.networks.is_empty() {
                section.card { p.empty { (words.get(Key::NetworkAlone)) } }
            } @else {
                div.cols.cols-main-side {
                    div.stack {
                        section.card {
                            (drawing(words, view))
                            (legend(words))
                        }
                        @for network in &view.networks { section.card { (members(words, network, view.now)) } }
                    }
                    div.stack {
                        @for one in &view.accords { (accord(words, &view.places, one, view.now)) }
                        @if view.accords.is_empty() { section.card.pad { h2 { (words.get(Key::AccordTitle)) } p.sub { (words.get(Key::AccordZero)) } } }
                        @for network in view.networks.iter().filter(|network| network.is_own) { section.card { (charter(words, network)) } }
                    }
                }
            }
        }
    };
    frame.page(&title, Nav::Network, &body)
}

/// `12施設のうち 1施設が不通、2施設の状態が24時間より古くなっています。`
fn lead(words: &Words, view: &NetworkView) -> String {
    let all: Vec<&MemberPart> = view.networks.iter().flat_map(|network| &network.members).collect();
    let off = all.iter().filter(|one| !one.is_own && !one.is_online).count();
    let old = all.iter().filter(|one| !matches!(one.freshness(view.now), Some(Freshness::Green))).count();
    words.with(Key::NetworkLead, &[("n", all.len().into()), ("off", off.into()), ("old", old.into())])
}

fn legend(words: &Words) -> Markup {
    html! {
        div.card-foot.legend {
            @for (class, shape, key) in [
                ("t-data", "green", Key::FreshGreen), ("t-late", "amber", Key::FreshAmber), ("t-danger", "red", Key::FreshRed),
                ("t-offline", "offline", Key::LegendOff), ("ink", "relay", Key::LegendRelay),
            ] {
                span class=(class) { (icon(shape)) span.ink { (words.get(key)) } }
            }
        }
    }
}

fn members(words: &Words, network: &NetworkPart, now: Millis) -> Markup {
    html! {
        div.card-head { h2 { (network.name) } span.more.sub { (words.with(Key::HomeMembers, &[("n", network.members.len().into())])) } }
        @if network.members.is_empty() { p.empty { (words.get(Key::MembersUnknown)) } } @else {
            div.scroll-x tabindex="0" role="region" aria-label=(words.with(Key::MembersOf, &[("name", network.name.as_str().into())])) { table.table {
                thead { tr { @for key in [Key::ColFacility, Key::ColState, Key::ColFresh, Key::ColMemberUntil, Key::ColKeyUntil] { th scope="col" { (words.get(key)) } } } }
                tbody { @for member in &network.members { tr {
                    th scope="row" { (facility(&member.facility, member.is_own)) @if member.is_relay { " " span.meta { (words.get(Key::LegendRelay)) } } }
                    td { (member_state(words, member, now)) }
                    td { (fresh(words, member, now)) }
                    td.num { (days(words, Some(member.until), now)) }
                    td.num { (days(words, member.key_until, now)) }
                } } }
            } }
        }
    }
}

fn fresh(words: &Words, member: &MemberPart, now: Millis) -> Markup {
    let (class, shape, key) = fresh_sign(member.freshness(now));
    html! { span class=(format!("dot {class}")) { (icon(shape)) (words.get(key)) } }
}

fn days(words: &Words, until: Option<Millis>, now: Millis) -> String {
    until.map_or_else(
        || words.get(Key::FreshUnknown),
        |to| words.with(Key::DaysLeft, &[("n", (to.since(now) / DAY_MS).into())]),
    )
}

fn charter(words: &Words, network: &NetworkPart) -> Markup {
    html! {
        div.card-head { h2 { (words.with(Key::CharterOf, &[("name", network.name.as_str().into())])) } }
        dl.kv {
            div { dt { (words.get(Key::CharterFounders)) } dd { (words.with(Key::CharterRule, &[("n", network.founders.0.into()), ("k", network.founders.1.into())])) } }
            div { dt { (words.get(Key::CharterCheck)) } dd { code { (Service::check_phrase(network.id)) } } }
        }
    }
}
