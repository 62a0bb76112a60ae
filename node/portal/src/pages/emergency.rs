//! Reading without consent: the page of three taps, what the own staff read, what is to be reviewed, and declared disasters.
use super::search::form;
use crate::desk::{Chart, Person};
use crate::i18n::{Key, Words};
use crate::view::{Frame, Nav, Tab, banner, icon, kind_list, moment, rich, role_word, stamp};
use maud::{Markup, html};
use protocol::kinds::Purpose;
use protocol::limits::EMERGENCY_TEXT_CHARS_MAX;
use protocol::policy::{EmergencyReason, emergency_kinds};
use protocol::time::Millis;
use service::disasters::DisasterView;
use service::emergency::{EmergencyCounts, EmergencyRow, EmergencyState};

/// A reason that can be tapped.
pub struct Reason {
    /// Which.
    pub reason: EmergencyReason,
    /// Its words: they are what is sent if nothing more is written.
    pub key: Key,
    hint: Key,
}

impl Reason {
    /// Whether it can be said for this purpose.
    pub fn fits(&self, purpose: Purpose) -> bool {
        (self.reason == EmergencyReason::Disaster) <= (purpose == Purpose::Disaster)
    }
}

/// All of them, in the order of the page.
pub const REASONS: [Reason; 5] = [
    Reason { reason: EmergencyReason::Disaster, key: Key::WhyDisaster, hint: Key::WhyDisasterHint },
    Reason { reason: EmergencyReason::Unconscious, key: Key::WhyUnconscious, hint: Key::WhyUnconsciousHint },
    Reason { reason: EmergencyReason::LifeInDanger, key: Key::WhyDanger, hint: Key::WhyDangerHint },
    Reason { reason: EmergencyReason::CannotConsent, key: Key::WhyCannot, hint: Key::WhyCannotHint },
    Reason { reason: EmergencyReason::FamilyOutOfReach, key: Key::WhyFamily, hint: Key::WhyFamilyHint },
];

/// What was chosen and written.
#[derive(Clone, Default)]
pub struct BreakForm {
    /// Word of the reason.
    pub reason: String,
    /// More of it.
    pub text: String,
    /// The patient is there.
    pub is_present: bool,
    /// What to put right.
    pub fault: Option<Key>,
}

/// What the page of three taps is made of. Personal data.
pub struct BreakPage {
    /// Who, and who else holds records.
    pub chart: Chart,
    /// Emergency, or declared disaster.
    pub purpose: Purpose,
    /// A read for this purpose can be said at all.
    pub is_open: bool,
    /// The right is off.
    pub is_off: bool,
    /// What was chosen.
    pub form: BreakForm,
}

/// Three taps on one screen: why, that the patient is here, open. What follows stands beside the button.
pub fn break_page(frame: &Frame<'_>, view: &BreakPage) -> Markup {
    let (words, chart) = (frame.words, &view.chart);
    let is_disaster = view.purpose == Purpose::Disaster;
    let title = words.get(if is_disaster { Key::DisasterRead } else { Key::EmergencyTitle });
    let body = html! {
        (banner(frame, &chart.person, &chart.facts, None::<Tab>, chart.now))
        main.page #main {
            @if let Some(fault) = view.form.fault { p.notice.s-danger.after-head role="alert" { (icon("alert")) span { (rich(&words.get(fault))) } } }
            form.emg method="post" {
                (frame.token())
                div.emg-head { (icon("alert")) div { h1 { (title) } p { (words.get(Key::GlassLead)) } }
                    @if let Some(signed) = &frame.signed { p.emg-ok { span { (icon("lock")) (words.get(Key::GlassFactors)) } span { (signed.name) "（" (role_word(words, signed.role)) "）" } } }
                }
                @if !view.is_open { p.emg-closed { (rich(&words.get(Key::DisasterNone))) } }
                @else if view.is_off { p.emg-closed { (rich(&words.get(Key::GlassOff))) " " a href="/emergency" { (words.get(Key::GlassOwnTitle)) } } }
                @else { div.taps { (why(words, view)) (present(words, &view.form)) (go(words, chart)) } }
            }
        }
    };
    frame.page(&title, Nav::Patients, &body)
}

fn why(words: &Words, view: &BreakPage) -> Markup {
    let form = &view.form;
    html! {
        fieldset.tap {
            legend { span.no { "1" } (words.get(Key::GlassWhy)) }
            div.choices { @for one in REASONS.iter().filter(|one| one.fits(view.purpose)) {
                label.choice {
                    input type="radio" name="reason" value=(one.reason.word()) required checked[form.reason == one.reason.word()];
                    span { b { (words.get(one.key)) } small { (words.get(one.hint)) } }
                }
            } }
            label.tap-note for="glass-text" { (words.get(Key::GlassText)) }
            input #glass-text name="text" autocomplete="off" maxlength=(EMERGENCY_TEXT_CHARS_MAX) value=(form.text);
            p.sub { (words.get(Key::GlassTextHint)) }
        }
    }
}

fn present(words: &Words, form: &BreakForm) -> Markup {
    html! {
        fieldset.tap {
            legend { span.no { "2" } (words.get(Key::GlassPatient)) }
            div.choices { label.choice {
                input type="checkbox" name="present" value="1" required checked[form.is_present];
                span { b { (words.get(Key::GlassPresent)) } small { (words.get(Key::GlassPresentHint)) } }
            } }
            p.sub.tap-note { (words.get(Key::GlassSigned)) }
        }
    }
}

fn go(words: &Words, chart: &Chart) -> Markup {
    let holders = chart.holders.as_deref().unwrap_or_default();
    let names: Vec<&str> = holders.iter().map(|one| one.facility.name.as_str()).collect();
    html! {
        div.tap.tap-go {
            h2 { span.no { "3" } (words.get(Key::GlassGo)) }
            button.btn.btn-danger.btn-huge type="submit" { (words.get(Key::GlassButton)) small { (words.get(Key::GlassButtonHint)) } }
            ul.bullets.emg-what {
                li { b { (words.get(Key::GlassSeen)) } "　" (kind_list(words, emergency_kinds())) }
                li { b { (words.get(Key::GlassHidden)) } "　" (words.get(Key::GlassHiddenText)) }
                li { b { (words.get(Key::GlassTold)) } "　" @if names.is_empty() { (words.get(Key::GlassToldNobody)) } @else { (names.join("・")) } }
                li { b { (words.get(Key::GlassReview)) } "　" (words.get(Key::GlassReviewText)) }
            }
            a.btn.emg-cancel href=(format!("/patients/{}/timeline", chart.person.patient.0)) { (words.get(Key::GlassCancel)) }
        }
    }
}

/// One emergency read, with the patient where who looks may see who it was.
pub struct GlassRow {
    /// Who; none: not here any more, or not for this reader.
    pub person: Option<Person>,
    /// As both sides keep it.
    pub row: EmergencyRow,
}

/// Emergency reads, by us or of ours.
pub struct EmergencyList {
    /// When.
    pub now: Millis,
    /// Most urgent first.
    pub rows: Vec<GlassRow>,
    /// So many more are not on the page.
    pub more: usize,
    /// How many wait.
    pub counts: EmergencyCounts,
    /// What became of the act before: done or not, and what.
    pub said: Option<(bool, Key)>,
}

/// What our staff read without consent, whether the right is on, and where to begin.
pub fn emergency_rows(frame: &Frame<'_>, view: &EmergencyList) -> Markup {
    let words = frame.words;
    let title = words.get(Key::GlassOwnTitle);
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (title) } p.sub { (words.get(Key::GlassOwnLead)) } } }
            @if view.counts.is_off { p.notice.s-danger.after-head { (icon("alert")) span { (rich(&words.get(Key::GlassOff))) } } }
            div.stack {
                @if frame.finds() { section.card.pad { h2 { (words.get(Key::GlassBegin)) } (form(frame, "", false)) } }
                section.card {
                    div.card-head { h2 { (words.get(Key::GlassReads)) } span.count-badge { (view.rows.len() + view.more) } }
                    (table(frame, view, Key::ColHolder))
                }
            }
        }
    };
    frame.page(&title, Nav::Emergency, &body)
}

fn table(frame: &Frame<'_>, view: &EmergencyList, other: Key) -> Markup {
    let words = frame.words;
    let heads = [Key::ColWhen, Key::ColPatient, other, Key::ColStaff, Key::GlassWhy, Key::ColState, Key::ColReviewBy];
    html! {
        @if view.rows.is_empty() { p.empty { (words.get(Key::GlassZero)) } }
        @else {
            div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::GlassReads)) { table.table {
                thead { tr { @for key in heads { th scope="col" { (words.get(key)) } } } }
                tbody { @for one in &view.rows {
                    @let glass = &one.row.glass;
                    tr {
                        td.num { (moment(glass.at, view.now)) }
                        td { (patient(words, one)) }
                        td { (if glass.is_ours { &one.row.holder_name } else { &one.row.reader_name }) }
                        td { span.num { (glass.staff) } " " (role_word(words, glass.role)) }
                        td { (reason(words, glass.said.reason)) br; span.sub { (glass.said.text) } }
                        td { (state(words, one.row.state)) @if let Some(review) = glass.review.as_ref().filter(|review| !review.note.is_empty()) { br; span.sub { (review.note) } } }
                        td.num { (stamp(glass.review_by)) }
                    }
                } }
            } }
        }
        @if view.more > 0 { p.card-foot { (words.with(Key::GlassMore, &[("n", view.more.into())])) } }
    }
}

fn patient(words: &Words, one: &GlassRow) -> Markup {
    html! {
        @match &one.person {
            Some(person) => a href=(format!("/patients/{}/access", person.patient.0)) lang="ja" { @if person.name.is_empty() { (words.get(Key::NoName)) } @else { (person.name) } },
            None => span.num.meta { (one.row.glass.patient) },
        }
    }
}

fn reason(words: &Words, reason: EmergencyReason) -> String {
    let key = REASONS.iter().find(|one| one.reason == reason).map(|one| one.key);
    key.map_or_else(|| reason.word().to_owned(), |key| words.get(key))
}

fn state(words: &Words, state: EmergencyState) -> Markup {
    use protocol::policy::Verdict;
    let (class, shape, key) = match state {
        EmergencyState::Lapsed => ("s-danger", "alert", Key::GlassLapsed),
        EmergencyState::Overdue => ("s-late", "late", Key::GlassOverdue),
        EmergencyState::Open => ("s-pending", "pending", Key::GlassWaits),
        EmergencyState::Nothing => ("s-nothing", "nothing", Key::GlassNothing),
        EmergencyState::Reviewed(Verdict::Justified) => ("s-data", "check", Key::GlassJustified),
        EmergencyState::Reviewed(Verdict::Unjustified) => ("s-danger", "alert", Key::GlassUnjustified),
    };
    html! { span class=(format!("pill {class}")) { (icon(shape)) (words.get(key)) } }
}

/// Reads of our records: what waits, each with its answer, and what was said before.
pub fn emergency_review(frame: &Frame<'_>, view: &EmergencyList) -> Markup {
    let words = frame.words;
    let title = words.get(Key::GlassQueueTitle);
    let waits = |one: &&GlassRow| {
        matches!(one.row.state, EmergencyState::Lapsed | EmergencyState::Overdue | EmergencyState::Open)
    };
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (title) } p.sub { (words.get(Key::GlassQueueLead)) } } }
            @if let Some((is_done, key)) = view.said {
                p class=(if is_done { "notice after-head s-data" } else { "notice after-head s-danger" }) role="status" {
                    (icon(if is_done { "check" } else { "alert" })) span { (rich(&words.get(key))) }
                }
            }
            div.stack {
                section.card {
                    div.card-head { h2 { (words.get(Key::GlassWaiting)) } span.count-badge { (view.counts.to_review) }
                        @if view.counts.late > 0 { span.pill.s-late { (icon("late")) (words.with(Key::GlassLate, &[("n", view.counts.late.into())])) } }
                    }
                    @if view.counts.to_review == 0 { p.empty { (words.get(Key::GlassQueueZero)) } }
                    @for one in view.rows.iter().filter(waits) { (waiting(frame, one, view.now)) }
                }
                section.card {
                    div.card-head { h2 { (words.get(Key::GlassReads)) } }
                    (table(frame, view, Key::ColReader))
                }
            }
        }
    };
    frame.page(&title, Nav::Emergency, &body)
}

fn waiting(frame: &Frame<'_>, one: &GlassRow, now: Millis) -> Markup {
    let (words, glass) = (frame.words, &one.row.glass);
    let note = format!("note-{}", glass.request);
    html! {
        form.glass method="post" action="/emergency/review" {
            (frame.token())
            input type="hidden" name="request" value=(glass.request);
            div {
                p.said { b { (reason(words, glass.said.reason)) } "　" (glass.said.text) }
                p.sub {
                    span.num { (moment(glass.at, now)) } " " (one.row.reader_name) " " (role_word(words, glass.role)) " " span.num { (glass.staff) }
                    " → " (patient(words, one)) "・" (one.row.holder_name)
                }
                p.sub { (kind_list(words, glass.kinds)) "　" (words.get(if glass.said.is_present { Key::GlassPresent } else { Key::GlassAway })) }
            }
            p.due { (state(words, one.row.state)) span.meta { (words.with(Key::GlassReviewBy, &[("when", stamp(glass.review_by).into())])) } }
            p.find-row {
                label for=(note) { (words.get(Key::GlassNote)) }
                input id=(note) name="note" autocomplete="off" maxlength=(EMERGENCY_TEXT_CHARS_MAX);
                button.btn.btn-primary type="submit" name="verdict" value="justified" { (words.get(Key::GlassAccept)) }
                button.btn.btn-danger type="submit" name="verdict" value="unjustified" { (words.get(Key::GlassObject)) }
            }
        }
    }
}

/// Disasters that stand: what happened, where, until when, who declared it, and what it changes.
pub fn disasters(frame: &Frame<'_>, standing: &[DisasterView]) -> Markup {
    let words = frame.words;
    let title = words.get(Key::DisasterTitle);
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (title) } p.sub { (words.get(Key::DisasterLead)) } } p.actions { a.btn href="/network" { (icon("prev")) (words.get(Key::NetworkTitle)) } } }
            div.stack {
                @if standing.is_empty() { section.card { p.empty { (rich(&words.get(Key::DisasterNone))) } } }
                @for one in standing {
                    @let disaster = &one.disaster;
                    section.card {
                        div.card-head { h2 { (one.network_name) } span.pill.s-danger { (icon("alert")) (words.with(Key::DisasterUntil, &[("when", stamp(disaster.until).into())])) } }
                        dl.kv.pad {
                            div { dt { (words.get(Key::DisasterWhat)) } dd { (disaster.reason) } }
                            div { dt { (words.get(Key::DisasterArea)) } dd { @if disaster.area.is_empty() { (words.get(Key::DisasterEverywhere)) } @else { (disaster.area.join("・")) } } }
                            div { dt { (words.get(Key::DisasterFrom)) } dd.num { (stamp(disaster.from)) } }
                            div { dt { (words.get(Key::DisasterBy)) } dd { (words.get(if disaster.founder.is_some() { Key::DisasterByOne } else { Key::DisasterByAll })) } }
                        }
                    }
                }
                section.card.pad {
                    h2 { (words.get(Key::DisasterChanges)) }
                    ul.bullets { @for key in [Key::DisasterChange1, Key::DisasterChange2, Key::DisasterChange3] { li { (words.get(key)) } } }
                    p.sub { (rich(&words.get(Key::DisasterHow))) }
                }
            }
        }
    };
    frame.page(&title, Nav::Network, &body)
}

/// The link to disasters, on the page of the network.
pub(super) fn disaster_link(words: &Words, n: usize) -> Markup {
    html! { a.btn href="/network/disasters" { (words.get(Key::DisasterTitle)) @if n > 0 { span.count-badge { (n) } } } }
}
