use super::page;
use crate::desk::Places;
use crate::i18n::{Key, Words};
use crate::view::{Frame, facility, icon, moment};
use maud::{Markup, html};
use protocol::time::Millis;
use service::ingest::{Feed, QuarantineReason, Quarantined, ScanReport};

/// What the page of sources is made of.
pub struct FeedsView {
    /// When.
    pub now: Millis,
    /// Names.
    pub places: Places,
    /// Every source with what its last walk found.
    pub feeds: Vec<(Feed, Option<ScanReport>)>,
    /// What waits in quarantine; the newest.
    pub waiting: Vec<Quarantined>,
    /// How many there are.
    pub count: usize,
    /// What became of a retry: whether it was begun, and the program's words.
    pub said: Option<(bool, String)>,
}

/// Sources with their last walk, and what could not be read, with its reason in words and a second try.
pub fn feeds(frame: &Frame<'_>, view: &FeedsView) -> Markup {
    let words = frame.words;
    let lead = words.with(Key::FeedsLead, &[("n", view.feeds.len().into()), ("q", view.count.into())]);
    let body = html! {
        @if let Some((is_begun, why)) = &view.said {
            div class=(if *is_begun { "notice s-data" } else { "notice s-danger" }) role="status" {
                (icon(if *is_begun { "check" } else { "alert" }))
                p { b { (words.get(if *is_begun { Key::RetryBegun } else { Key::RetryFailed })) } }
                @if !why.is_empty() { p.sub lang="en" { (why) } }
            }
        }
        section.card.after {
            div.card-head { h2 { (words.get(Key::HomeFeeds)) } }
            @if view.feeds.is_empty() { p.empty { (crate::view::rich(&words.get(Key::HomeNoFeeds))) } } @else {
                div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::HomeFeeds)) { table.table.table-roomy {
                    thead { tr { @for key in [Key::ColFeed, Key::ColFacility, Key::ColWalked, Key::ColFound, Key::ColDo] { th scope="col" { (words.get(key)) } } } }
                    tbody { @for (feed, report) in &view.feeds { (line(frame, view, feed, report.as_ref())) } }
                } }
            }
        }
        section.card.after {
            div.card-head { h2 { (words.with(Key::QuarantineTitle, &[("n", view.count.into())])) } }
            @if view.waiting.is_empty() { p.empty { (words.get(Key::QuarantineZero)) } } @else {
                div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::FeedsTitle)) { table.table {
                    thead { tr { @for key in [Key::ColFeed, Key::ColCopy, Key::ColSince, Key::ColTries, Key::ColReason] { th scope="col" { (words.get(key)) } } } }
                    tbody { @for item in &view.waiting { tr {
                        th scope="row" { (item.feed) }
                        td { code { (item.id) } }
                        td.num { (moment(item.since, view.now)) }
                        td.num { (item.tries) }
                        td { (reason(words, &item.reason)) br; span.sub lang="en" { (item.reason) } }
                    } } }
                } }
                @if view.waiting.len() < view.count { p.card-foot { (crate::view::rich(&words.get(Key::QuarantineMore))) } }
            }
        }
    };
    page(frame, ("/admin/feeds", Key::FeedsTitle), &lead, &body)
}

fn line(frame: &Frame<'_>, view: &FeedsView, feed: &Feed, report: Option<&ScanReport>) -> Markup {
    let words = frame.words;
    html! {
        tr {
            th scope="row" { b { (feed.name) } br; span.meta { code { (feed.root.display()) } } }
            td { (facility(&view.places.facility(&feed.facility), true)) }
            td.num { @match report { Some(report) => (moment(report.began, view.now)), None => (words.get(Key::FeedNever)) } }
            td { @if let Some(report) = report {
                (words.with(Key::FeedCounts, &[
                    ("seen", report.seen.into()), ("stored", report.stored.into()), ("history", report.history.into()),
                    ("quarantined", report.quarantined.into()), ("ignored", report.ignored.values().sum::<u64>().into()), ("added", report.added.into()),
                ]))
            } }
            td { form method="post" action="/admin/feeds/retry" {
                (frame.token())
                input type="hidden" name="feed" value=(feed.name);
                button.btn type="submit" { (words.get(Key::RetryButton)) span.away { " " (feed.name) } }
            } }
        }
    }
}

/// Why, and who does what about it.
fn reason(words: &Words, reason: &QuarantineReason) -> String {
    words.get(match reason {
        QuarantineReason::Path(_) => Key::ReasonPath,
        QuarantineReason::Content(_) => Key::ReasonContent,
        QuarantineReason::TooLarge { .. } => Key::ReasonLarge,
        QuarantineReason::Unreadable(_) => Key::ReasonUnreadable,
        QuarantineReason::Changing => Key::ReasonChanging,
        QuarantineReason::Link => Key::ReasonLink,
        QuarantineReason::Number => Key::ReasonNumber,
    })
}
