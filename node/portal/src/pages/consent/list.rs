use crate::desk::ConsentView;
use crate::i18n::{Key, Words};
use crate::pages::consent::paper::short_number;
use crate::view::{Frame, Nav, Tab, banner, icon, moment, sentence, statement_meta};
use maud::{Markup, html};
use protocol::consent::{ConsentReceipt, Stance};
use service::consents::StatementState;

/// What a person said: what counts now, first what they allowed, then what they refused; below it all that was ever said.
pub fn consent_list(frame: &Frame<'_>, view: &ConsentView) -> Markup {
    let words = frame.words;
    let shown = view.file.receipts.iter().filter(|one| one.stance != Stance::Lift);
    let counts =
        |one: &&ConsentReceipt| !matches!(view.file.state_of(one), StatementState::Ended | StatementState::TakenBack);
    let mut now: Vec<&ConsentReceipt> = shown.clone().filter(counts).collect();
    now.sort_by_key(|one| (one.stance != Stance::Permit, std::cmp::Reverse(one.taken_at)));
    let mut all: Vec<&ConsentReceipt> = shown.collect();
    all.sort_by_key(|one| std::cmp::Reverse((one.taken_at, one.received_at)));
    let body = html! {
        (banner(frame, &view.person, &view.facts, Some(Tab::Consent), view.now))
        main.page #main {
            div.part-head {
                h1 { (words.get(Key::ConsentTitle)) }
                p.sub { (words.with(Key::ConsentCount, &[("n", now.len().into())])) }
                p.actions.push {
                    a.btn href="consent/new" { (icon("page")) (words.get(Key::ConsentOnPaper)) }
                    a.btn.btn-primary href="consent/tablet" { (icon("pen")) (words.get(Key::ConsentOnTablet)) }
                }
            }
            div.cols.cols-main-side {
                div.stack {
                    section.card {
                        div.card-head { h2 { (words.get(Key::ConsentNow)) } span.more.sub { (words.get(Key::ConsentOrder)) } }
                        @if now.is_empty() { p.empty { (words.get(Key::ConsentZero)) } }
                        ul.sentences { @for one in &now { (line(frame, view, one)) } }
                        div.card-foot {
                            span { (words.get(Key::ConsentElse)) }
                            @if !now.is_empty() { a.btn.btn-danger.push href="consent/withdraw" { (words.get(Key::WithdrawTitle)) } }
                        }
                    }
                    section.card #history {
                        div.card-head { h2 { (words.with(Key::ConsentHistory, &[("n", all.len().into())])) } }
                        @if all.is_empty() { p.empty { (words.get(Key::ConsentZeroEver)) } } @else { (history(frame, view, &all)) }
                    }
                }
                div.stack { (side(words)) }
            }
        }
    };
    frame.page(&words.get(Key::ConsentTitle), Nav::Patients, &body)
}

fn line(frame: &Frame<'_>, view: &ConsentView, one: &ConsentReceipt) -> Markup {
    let words = frame.words;
    let (is_yes, change) = match one.stance {
        Stance::Permit => (true, Key::ConsentChange),
        _ => (false, Key::ConsentUndo),
    };
    html! {
        li.sentence {
            (sign(is_yes))
            div {
                p.said { (sentence(words, &view.places, one)) }
                p.meta {
                    (statement_meta(words, one, view.now).join(" · ")) " · "
                    a href=(format!("consent/{}", one.id)) { (words.with(Key::PaperNumber, &[("number", short_number(one).into())])) }
                    @match view.file.state_of(one) {
                        StatementState::PartlyLifted => { " " span.pill.s-late { (icon("late")) (words.get(Key::StatePartlyLifted)) } },
                        StatementState::Later => { " " span.pill.s-pending { (icon("pending")) (words.get(Key::StateLater)) } },
                        _ => {},
                    }
                }
            }
            a.btn href=(format!("consent/new?like={}", one.id)) { (words.get(change)) }
        }
    }
}

/// Yes or no, by shape.
pub(super) fn sign(is_yes: bool) -> Markup {
    let (class, shape) = if is_yes { ("t-data", "ring-yes") } else { ("t-danger", "ring-no") };
    html! { span class=(format!("ring {class}")) { (icon(shape)) } }
}

fn history(frame: &Frame<'_>, view: &ConsentView, all: &[&ConsentReceipt]) -> Markup {
    let words = frame.words;
    html! {
        div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::ConsentAll)) { table.table {
            thead { tr { @for key in [Key::ColDay, Key::ColWhatSaid, Key::ColState, Key::ColStaff, Key::ColPaper] { th scope="col" { (words.get(key)) } } } }
            tbody { @for one in all {
                tr {
                    th.num scope="row" { time { (one.taken_at.date_jst()) } " " (moment(one.taken_at, one.taken_at)) }
                    td { (sentence(words, &view.places, one)) }
                    td { (state(words, view.file.state_of(one))) }
                    td.num { (one.staff) }
                    td { a.plain-link href=(format!("consent/{}", one.id)) { code { (short_number(one)) } } }
                }
            } }
        } }
    }
}

fn state(words: &Words, state: StatementState) -> Markup {
    let (class, shape, key) = match state {
        StatementState::InForce => ("s-data", "data", Key::StateInForce),
        StatementState::Later => ("s-pending", "pending", Key::StateLater),
        StatementState::Ended => ("s-nothing", "nothing", Key::StateEnded),
        StatementState::TakenBack => ("s-nothing", "noconsent", Key::StateTakenBack),
        StatementState::PartlyLifted => ("s-late", "late", Key::StatePartlyLifted),
    };
    html! { span class=(format!("pill {class}")) { (icon(shape)) (words.get(key)) } }
}

/// What is true for everybody, and the two ways out.
fn side(words: &Words) -> Markup {
    html! {
        section.card.pad {
            h2 { (words.get(Key::ConsentRules)) }
            ul.bullets.after { @for key in [Key::ConsentRule1, Key::ConsentRule2, Key::ConsentRule3] { li { (words.get(key)) } } }
        }
        section.card.pad {
            h2 { (words.get(Key::ConsentLeaving)) }
            p.sub { (words.get(Key::ConsentLeavingLead)) }
            p.actions.after {
                a.btn href="consent/withdraw?why=leave" { (words.get(Key::WhyLeave)) }
                a.btn href="consent/withdraw?why=death" { (words.get(Key::WhyDeath)) }
            }
        }
    }
}
