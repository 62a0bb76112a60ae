use super::search::form;
use crate::desk::{FeedRow, Home, LogRow, MemberPart, NetworkRow};
use crate::i18n::{Key, Words};
use crate::limits::FEED_OLD_MS;
use crate::view::{Frame, Nav, day, facility, fresh_sign, icon, member_state, moment, rich};
use maud::{Markup, html};
use protocol::policy::Freshness;
use protocol::time::Millis;

/// Today: how the node is in one sentence, the search, and what it stands on.
pub fn home(frame: &Frame<'_>, home: &Home) -> Markup {
    let words = frame.words;
    let warnings = warnings(words, home);
    let body = html! {
        main.page #main {
            div.page-head {
                div {
                    h1 { (words.get(Key::HomeTitle)) "　" (day(words, home.now.date_jst())) }
                    p.lead { (rich(&lead(words, home, warnings.len()))) }
                }
                p.actions { (running(words, home)) (freshness(words, home.freshness)) }
            }
            div.cols.cols-main-side {
                div.stack {
                    @if frame.finds() { section.card.pad { (form(frame, "", false)) } }
                    section.card { (networks(words, home)) }
                }
                div.stack {
                    @for warning in &warnings { (warning) }
                    section.card { (node(words, home)) }
                    section.card { (feeds(words, home)) }
                    section.card { (log(words, &home.log)) }
                }
            }
        }
    };
    frame.page(&words.get(Key::HomeTitle), Nav::Today, &body)
}

fn lead(words: &Words, home: &Home, warnings: usize) -> String {
    match warnings {
        0 if home.is_running => words.get(Key::HomeAllWell),
        0 => words.get(Key::HomeStopped),
        n => words.with(Key::HomeAttention, &[("n", n.into())]),
    }
}

/// What somebody has to do something about; each says what.
fn warnings(words: &Words, home: &Home) -> Vec<Markup> {
    let notice = |class: &str, shape: &str, text: String| {
        html! { p class=(format!("notice {class}")) { (icon(shape)) span { (rich(&text)) } } }
    };
    let mut out = Vec::new();
    if !home.is_running {
        out.push(notice("s-danger", "alert", words.get(Key::HomeStopped)));
    }
    match home.freshness {
        Some(Freshness::Amber) => out.push(notice("s-late", "late", words.get(Key::FreshAmberText))),
        Some(Freshness::Red) if home.networks.iter().any(|network| network.is_member) => {
            out.push(notice("s-danger", "alert", words.get(Key::FreshRedText)));
        }
        _ => {}
    }
    for feed in &home.feeds {
        let name = feed.name.as_str();
        if feed.unreadable > 0 {
            let values = [("name", name.into()), ("n", feed.unreadable.into())];
            out.push(notice("s-danger", "alert", words.with(Key::FeedUnreadableText, &values)));
        }
        if let Some(scanned) = feed.scanned.filter(|at| home.now.since(*at) > FEED_OLD_MS) {
            let values = [("name", name.into()), ("when", moment(scanned, home.now).into())];
            out.push(notice("s-late", "late", words.with(Key::FeedOldText, &values)));
        }
        if feed.quarantined > 0 {
            let values = [("name", name.into()), ("n", feed.quarantined.into())];
            out.push(notice("s-late", "late", words.with(Key::FeedQuarantineText, &values)));
        }
    }
    out
}

fn running(words: &Words, home: &Home) -> Markup {
    html! {
        @if home.is_running { span.dot.t-data { (icon("green")) (words.get(Key::HomeRunning)) } }
        @else { span.dot.t-danger { (icon("red")) (words.get(Key::HomeNotRunning)) } }
    }
}

fn freshness(words: &Words, freshness: Option<Freshness>) -> Markup {
    let (class, shape, key) = fresh_sign(freshness);
    html! { span class=(format!("dot {class}")) { (icon(shape)) (words.get(Key::HomeFreshness)) " " (words.get(key)) } }
}

fn networks(words: &Words, home: &Home) -> Markup {
    html! {
        div.card-head { h2 { (words.get(Key::HomeNetworks)) } }
        @if home.networks.is_empty() { p.empty { (rich(&words.get(Key::HomeAlone))) } }
        @for network in &home.networks {
            (network_head(words, network))
            @if !network.members.is_empty() {
                ul.members { @for member in &network.members { (member_line(words, member, home.now)) } }
            }
        }
    }
}

fn network_head(words: &Words, network: &NetworkRow) -> Markup {
    let short = network.id.to_string();
    html! {
        div.group {
            b { @if network.name.is_empty() { span.num { (short.chars().take(16).collect::<String>()) } } @else { (network.name) } }
            @if network.is_member { span.meta { (words.with(Key::HomeMembers, &[("n", network.members.len().into())])) } }
            @else { span.pill.s-pending { (icon("pending")) (words.get(Key::HomeNotMember)) } }
            @if !network.accords.is_empty() {
                span.meta.push { (words.with(Key::HomeAccords, &[("names", network.accords.join("・").into())])) }
            }
        }
    }
}

fn member_line(words: &Words, member: &MemberPart, now: Millis) -> Markup {
    html! {
        li {
            (facility(&member.facility, member.is_own))
            (member_state(words, member, now))
        }
    }
}

fn node(words: &Words, home: &Home) -> Markup {
    let key = home.key.to_string();
    html! {
        div.card-head { h2 { (words.get(Key::HomeNode)) } span.more.meta { (words.with(Key::HomePatients, &[("n", home.patients.into())])) } }
        ul.plain {
            @if home.facilities.is_empty() { li.sub { (rich(&words.get(Key::HomeNoFacility))) } }
            @for own in &home.facilities { li { (facility(own, true)) span.meta.num { (own.id) } } }
            li { span.sub { (words.get(Key::HomeKeyOfNode)) } span.meta.num title=(key) { (key.chars().take(16).collect::<String>()) "…" } }
        }
    }
}

fn feeds(words: &Words, home: &Home) -> Markup {
    html! {
        div.card-head { h2 { (words.get(Key::HomeFeeds)) } }
        ul.plain {
            @if home.feeds.is_empty() { li.sub { (rich(&words.get(Key::HomeNoFeeds))) } }
            @for feed in &home.feeds { (feed_line(words, feed, home.now)) }
        }
    }
}

fn feed_line(words: &Words, feed: &FeedRow, now: Millis) -> Markup {
    html! {
        li {
            span { (feed.name) }
            span.meta {
                @match feed.scanned {
                    Some(at) => (words.with(Key::FeedScanned, &[("when", moment(at, now).into())])),
                    None => (words.get(Key::FeedNever)),
                }
                @if feed.quarantined > 0 { " · " (words.with(Key::FeedQuarantine, &[("n", feed.quarantined.into())])) }
            }
        }
    }
}

fn log(words: &Words, log: &LogRow) -> Markup {
    html! {
        div.card-head { h2 { (words.get(Key::HomeLog)) } span.more.meta { (words.with(Key::LogSize, &[("n", log.size.into())])) } }
        ul.plain {
            li {
                @match log.witnessed {
                    Some((size, by)) => {
                        span {
                            @match by {
                                Some(by) => (words.with(Key::LogWitnessed, &[("n", size.into()), ("by", by.into())])),
                                None => (words.with(Key::LogWitnessedSize, &[("n", size.into())])),
                            }
                        }
                        @if log.is_good { span.dot.t-data { (icon("green")) (words.get(Key::LogGood)) } }
                        @else { span.dot.t-late { (icon("amber")) (words.get(Key::LogUnwitnessed)) } }
                    },
                    None => span.dot.t-late { (icon("amber")) (words.get(Key::LogUnwitnessed)) },
                }
            }
        }
    }
}
