use super::{done, name, take_back};
use crate::desk::Person;
use crate::i18n::{Key, Lang, Words};
use crate::view::{Frame, Nav, icon, moment, seal};
use maud::{Markup, html};
use protocol::time::Millis;
use service::links::{Author, Doubt, Language, Link, LinkStats, PairId, Question, Says, doubt_reason};

/// A pair that waits, with both patients as far as they are still here.
pub type Waiting = (Question, [Option<Person>; 2]);

/// What waits for people, and what was decided lately.
pub struct MatchQueue {
    /// When.
    pub now: Millis,
    /// Most urgent first.
    pub waiting: Vec<Waiting>,
    /// Those that were put off are among them.
    pub with_later: bool,
    /// Figures.
    pub stats: LinkStats,
    /// Newest links and partings, with whether each holds.
    pub recent: Vec<(Link, bool, [Option<Person>; 2])>,
    /// The last word of who is signed in can be taken back.
    pub can_take_back: bool,
    /// What became of the act before this page.
    pub said: Option<Key>,
}

/// The queue.
pub fn match_queue(frame: &Frame<'_>, view: &MatchQueue) -> Markup {
    let words = frame.words;
    let title = words.get(Key::MatchTitle);
    let body = html! {
        main.page #main {
            div.page-head {
                div { h1 { (title) } p.sub { (words.get(Key::MatchLead)) } }
                @if view.can_take_back { div.actions { (take_back(frame)) } }
            }
            (done(words, view.said))
            div.cols.cols-main-side {
                div.stack {
                    section.card {
                        div.card-head {
                            h2 { (words.get(Key::MatchWaiting)) } span.count-badge { (view.waiting.len()) }
                            a.more href=(if view.with_later { "/matching" } else { "/matching?later=1" }) {
                                (words.get(if view.with_later { Key::MatchHideLater } else { Key::MatchShowLater }))
                            }
                        }
                        @if view.waiting.is_empty() { p.empty { (words.get(Key::MatchZero)) } }
                        (list(words, &view.waiting, None, view.now))
                        p.card-foot { (words.get(Key::MatchOrder)) }
                    }
                    section.card { (recent(words, view)) }
                }
                div.stack { section.card { (figures(words, &view.stats)) } }
            }
        }
    };
    frame.page(&title, Nav::Matching, &body)
}

/// Pairs as a list of work; `open`: the one that this page shows.
pub(super) fn list(words: &Words, waiting: &[Waiting], open: Option<PairId>, now: Millis) -> Markup {
    html! {
        @if !waiting.is_empty() {
            ul.work { @for (index, (question, people)) in waiting.iter().enumerate() {
                li.chosen[open == Some(question.pair)] {
                    span.count-badge { (index + 1) }
                    div {
                        p.what { a href=(format!("/matching/{}", question.pair)) aria-current=[(open == Some(question.pair)).then_some("true")] {
                            (name(words, people[0].as_ref())) " ⇔ " (name(words, people[1].as_ref()))
                        } }
                        p.from { (places(people)) " " (why(words, question.doubt)) }
                    }
                    span.due { (state(words, question, now)) time { (moment(question.asked, now)) } }
                }
            } }
        }
    }
}

fn places(people: &[Option<Person>; 2]) -> Markup {
    html! { @for person in people.iter().flatten() { (seal(person.facility.class, true)) " " } }
}

/// Why people are asked, in a sentence.
pub(super) fn why(words: &Words, doubt: Option<Doubt>) -> &'static str {
    doubt_reason(doubt, if words.lang() == Lang::Ja { Language::Japanese } else { Language::English })
}

fn state(words: &Words, question: &Question, now: Millis) -> Markup {
    let pill = |class: &str, shape: &str, text: String| html! { span class=(format!("pill {class}")) { (icon(shape)) (text) } };
    match (&question.first, question.later.filter(|until| *until > now)) {
        (Some(_), _) => pill("s-pending", "people", words.get(Key::MatchWaitsSecond)),
        (None, Some(until)) => {
            pill("s-pending", "pending", words.with(Key::MatchPutOff, &[("day", until.date_jst().to_string().into())]))
        }
        (None, None) if question.is_disputed => pill("s-late", "people", words.get(Key::MatchDisputed)),
        (None, None) => html! {},
    }
}

fn recent(words: &Words, view: &MatchQueue) -> Markup {
    html! {
        div.card-head { h2 { (words.get(Key::MatchRecent)) } }
        @if view.recent.is_empty() { p.empty { (words.get(Key::MatchRecentZero)) } }
        @else {
            div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::MatchRecent)) { table.table {
                thead { tr { @for key in [Key::ColWhen, Key::ColPatient, Key::ColWhat, Key::ColStaff, Key::ColState] { th scope="col" { (words.get(key)) } } } }
                tbody { @for (link, holds, people) in &view.recent {
                    tr {
                        td.num { (moment(link.at, view.now)) }
                        th scope="row" { (name(words, people[0].as_ref())) " ⇔ " (name(words, people[1].as_ref())) }
                        td { (says(words, link)) }
                        td.num { (author(words, &link.author)) }
                        td { (held(words, *holds)) }
                    }
                } }
            } }
        }
    }
}

fn says(words: &Words, link: &Link) -> Markup {
    html! {
        @if link.says == Says::Linked { a href=(format!("/matching/links/{}", link.id)) { (words.get(Key::MatchOnePerson)) } }
        @else { (words.get(Key::MatchTwoPersons)) }
    }
}

/// Who said it.
pub(super) fn author(words: &Words, author: &Author) -> String {
    match author {
        Author::Rule(_) => words.get(Key::StaffNode),
        Author::Person(staff) => staff.clone(),
    }
}

/// Whether it holds, by shape and word.
pub(super) fn held(words: &Words, holds: bool) -> Markup {
    let (class, shape, key) =
        if holds { ("s-data", "data", Key::MatchHolds) } else { ("s-nothing", "nothing", Key::MatchTakenBack) };
    html! { span class=(format!("pill {class}")) { (icon(shape)) (words.get(key)) } }
}

fn figures(words: &Words, stats: &LinkStats) -> Markup {
    let open: u64 = stats.open.values().sum();
    let lines = [
        (Key::MatchCountOpen, open),
        (Key::MatchCountSecond, stats.second),
        (Key::MatchCountLater, stats.later),
        (Key::MatchCountRule, stats.by_rule),
        (Key::MatchCountPeople, stats.by_people),
        (Key::MatchCountBack, stats.withdrawn),
        (Key::MatchCountApart, stats.apart),
        (Key::MatchCountPending, stats.pending),
    ];
    html! {
        div.card-head { h2 { (words.get(Key::MatchFigures)) } span.more.meta { (words.with(Key::HomePatients, &[("n", stats.patients.into())])) } }
        dl.kv.figures { @for (key, count) in lines { div { dt { (words.get(key)) } dd.num { (count) } } } }
        @if !stats.open.is_empty() {
            div.group { b { (words.get(Key::MatchByReason)) } }
            ul.plain { @for (doubt, count) in &stats.open { li { span { (why(words, *doubt)) } span.meta.num { (count) } } } }
        }
    }
}
