use super::queue::{list, why};
use super::{Waiting, done, name, take_back};
use crate::desk::Person;
use crate::i18n::{Key, Lang, Words};
use crate::view::{Frame, Nav, both_calendars, icon, rich, seal};
use maud::{Markup, html};
use protocol::time::Millis;
use service::links::{Agreement, Difference, Field, Piece, Shown, SideBySide};

/// Two patients side by side.
pub struct MatchPair {
    /// When.
    pub now: Millis,
    /// What is asked, and what both sides write.
    pub shown: SideBySide,
    /// Who they are.
    pub people: [Option<Person>; 2],
    /// Other open questions about either.
    pub rivals: Vec<Waiting>,
    /// The head of the queue.
    pub waiting: Vec<Waiting>,
    /// The number of who is signed in.
    pub own: String,
    /// The last word of who is signed in can be taken back.
    pub can_take_back: bool,
    /// What became of the act before this page.
    pub said: Option<Key>,
}

/// What was typed into a form that was not taken.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// On what the answer rests, as the form says it.
    pub why: String,
    /// In words.
    pub note: String,
    /// What is wrong.
    pub fault: Option<Key>,
}

/// On what an answer may rest: the form's word, what is kept of it, and its words.
pub const WHYS: [(&str, &str, Key); 4] = [
    ("page", "compared side by side", Key::MatchWhyPage),
    ("paper", "saw an identity paper", Key::MatchWhyPaper),
    ("asked", "asked the patient", Key::MatchWhyAsked),
    ("facility", "asked the other facility", Key::MatchWhyFacility),
];

/// The pair, field by field and character by character, with what speaks for and against, and the answer.
pub fn match_pair(frame: &Frame<'_>, view: &MatchPair, tried: &Tried) -> Markup {
    let words = frame.words;
    let title = words.get(Key::MatchTitle);
    let body = html! {
        main.page #main {
            div.page-head {
                div { h1 { (title) } p.sub { (words.get(Key::MatchLead)) } }
                div.actions {
                    a.btn.btn-quiet href="/matching" { (icon("prev")) (words.get(Key::MatchBackToQueue)) }
                    @if view.can_take_back { (take_back(frame)) }
                }
            }
            (done(words, view.said))
            div.cols.match-cols {
                section.card aria-label=(words.get(Key::MatchCompared)) {
                    (sides(words, view))
                    (verdict(words, view))
                    (answers(frame, view, tried))
                }
                div.stack {
                    section.card { (changes(words, view)) }
                    @if !view.rivals.is_empty() {
                        section.card { div.card-head { h2 { (words.get(Key::MatchRivals)) } } (list(words, &view.rivals, None, view.now)) }
                    }
                    section.card {
                        div.card-head { h2 { (words.get(Key::MatchWaiting)) } }
                        (list(words, &view.waiting, Some(view.shown.question.pair), view.now))
                        p.card-foot { (words.get(Key::MatchOrder)) }
                    }
                }
            }
        }
    };
    frame.page(&title, Nav::Matching, &body)
}

fn sides(words: &Words, view: &MatchPair) -> Markup {
    html! {
        table.pair {
            thead { tr {
                th scope="col" { (words.get(Key::MatchColField)) }
                @for (person, side) in view.people.iter().zip(&view.shown.sides) {
                    th scope="col" {
                        @if let Some(person) = person { span.fac { (seal(person.facility.class, true)) b { (person.facility.name) } } }
                        span.meta.num { (side.entry.id.expose_number()) }
                    }
                }
                th.result scope="col" { (words.get(Key::MatchColResult)) }
            } }
            tbody { @for difference in &view.shown.differences { (row(words, view, difference)) } }
        }
    }
}

fn row(words: &Words, view: &MatchPair, difference: &Difference) -> Markup {
    let how = agreement(view, difference.field);
    let is_hard = how == Agreement::Differs;
    let (class, shape, text) = result(words, difference, how);
    let born = |index: usize| {
        let birth = view.people[index].as_ref().and_then(|person| person.birth);
        birth.filter(|_| difference.field == Shown::Birth).map(|birth| both_calendars(words, birth))
    };
    html! {
        tr {
            th scope="row" { (words.get(field_key(difference.field))) }
            @for (index, side) in [&difference.one, &difference.other].into_iter().enumerate() {
                td.written lang="ja" {
                    (pieces(words, side, is_hard))
                    @if let Some(born) = born(index) { small lang=(words.lang().tag()) { (born) } }
                }
            }
            td.result { span class=(format!("same-mark {class}")) { (icon(shape)) span { (text) } } }
        }
    }
}

fn pieces(words: &Words, pieces: &[Piece], is_hard: bool) -> Markup {
    let class = if is_hard { "diff diff-hard" } else { "diff" };
    html! {
        @if pieces.is_empty() { span.unknown lang=(words.lang().tag()) { (words.get(Key::MatchNotWritten)) } }
        @for piece in pieces { @if piece.is_shared { (piece.text) } @else { mark class=(class) { (piece.text) } } }
    }
}

/// How the comparison came out that a written field is part of.
fn agreement(view: &MatchPair, field: Shown) -> Agreement {
    let all = view.shown.question.agreements();
    let of = |field: Field| all.iter().find(|(own, _)| *own == field).map_or(Agreement::Unknown, |(_, how)| *how);
    match field {
        Shown::Name | Shown::Kana => worse(of(Field::Family), of(Field::Given)),
        Shown::Birth => of(Field::Birth),
        Shown::Sex => of(Field::Sex),
        Shown::Postcode | Shown::Address | Shown::Phones | Shown::Insurance => of(Field::Home),
        Shown::Card => of(Field::Card),
    }
}

fn worse(one: Agreement, other: Agreement) -> Agreement {
    let rank = |how: Agreement| match how {
        Agreement::Equal => 0,
        Agreement::Unknown => 1,
        Agreement::Near => 2,
        Agreement::Differs => 3,
    };
    if rank(one) >= rank(other) { one } else { other }
}

/// What the right column says: a class of colour, a shape and words.
fn result(words: &Words, difference: &Difference, how: Agreement) -> (&'static str, &'static str, String) {
    let own = |pieces: &[Piece]| pieces.iter().filter(|p| !p.is_shared).map(|p| p.text.chars().count()).sum::<usize>();
    let n = own(&difference.one).max(own(&difference.other));
    let counted = |key: Key| words.with(key, &[("n", n.into())]);
    let is_home = matches!(difference.field, Shown::Postcode | Shown::Address | Shown::Phones | Shown::Insurance);
    match how {
        _ if difference.is_unknown() => ("t-offline", "notasked", words.get(Key::MatchOneSide)),
        _ if difference.is_equal() => ("t-data", "check", words.get(Key::MatchEqual)),
        Agreement::Equal | Agreement::Near if is_home => ("t-late", "amber", words.get(Key::MatchHomeElse)),
        Agreement::Equal => ("t-late", "amber", words.get(Key::MatchWriting)),
        Agreement::Near => ("t-late", "amber", counted(Key::MatchNear)),
        Agreement::Unknown => ("t-late", "amber", counted(Key::MatchUnweighed)),
        Agreement::Differs => ("t-danger", "red", counted(Key::MatchDiffers)),
    }
}

fn verdict(words: &Words, view: &MatchPair) -> Markup {
    let question = &view.shown.question;
    let named = |speaks: fn(i32) -> bool| {
        let parts = view.shown.parts.iter().filter(|(_, part)| speaks(part.0));
        let names: Vec<String> = parts.map(|(field, _)| words.get(part_key(*field))).collect();
        names.join(if words.lang() == Lang::Ja { "、" } else { ", " })
    };
    let (fors, againsts) = (named(|part| part >= SPEAKS_MILLI), named(|part| part <= -SPEAKS_MILLI));
    let bits = |milli: i32| format!("{:.1}", f64::from(milli) / 1_000.0);
    html! {
        div.verdict {
            h2 { (words.get(Key::MatchVerdict)) }
            p { b { (why(words, question.doubt)) } }
            @if !fors.is_empty() { p { (words.with(Key::MatchFor, &[("what", fors.into())])) } }
            @if !againsts.is_empty() { p { (words.with(Key::MatchAgainst, &[("what", againsts.into())])) } }
            p.legend {
                span { mark.diff { "字" } (words.get(Key::MatchLegendSoft)) }
                span { mark.diff.diff-hard { "字" } (words.get(Key::MatchLegendHard)) }
                span.num { (words.with(Key::MatchScore, &[("weight", bits(question.weight).into()), ("margin", bits(question.margin).into())])) }
            }
        }
    }
}

fn answers(frame: &Frame<'_>, view: &MatchPair, tried: &Tried) -> Markup {
    let words = frame.words;
    let question = &view.shown.question;
    html! {
        form.verdict-form method="post" action=(format!("/matching/{}", question.pair)) {
            (frame.token())
            (second(words, view))
            div.why {
                p {
                    label for="why" { (words.get(Key::MatchWhy)) }
                    select #why name="why" {
                        @for (word, _, key) in WHYS { option value=(word) selected[tried.why == word] { (words.get(key)) } }
                    }
                }
                p.wide {
                    label for="note" { (words.get(Key::MatchNote)) }
                    input #note name="note" type="text" maxlength="200" autocomplete="off" value=(tried.note)
                        aria-invalid=[tried.fault.map(|_| "true")] aria-describedby=[tried.fault.map(|_| "note-fault")];
                    @if let Some(fault) = tried.fault { span.fault #note-fault { (icon("alert")) (words.get(fault)) } }
                }
            }
            p.actions {
                button.btn.btn-primary type="submit" name="answer" value="same" data-key="y" { (icon("check")) (words.get(Key::MatchSame)) " " kbd { "Y" } }
                button.btn type="submit" name="answer" value="not-same" data-key="n" { (icon("offline")) (words.get(Key::MatchNotSame)) " " kbd { "N" } }
                button.btn.btn-quiet type="submit" name="answer" value="later" data-key="l" { (icon("pending")) (words.get(Key::MatchLater)) " " kbd { "L" } }
            }
        }
    }
}

/// Whether somebody else has to look as well, and who looked.
fn second(words: &Words, view: &MatchPair) -> Markup {
    let question = &view.shown.question;
    let line = |class: &str, shape: &str, text: String| html! { p class=(format!("notice-line {class}")) { (icon(shape)) span { (rich(&text)) } } };
    html! {
        @match &question.first {
            Some(first) if first.staff == view.own => (line("s-pending", "people", words.get(Key::MatchFirstIsYou))),
            Some(first) => (line("s-pending", "people", words.with(Key::MatchYouAreSecond, &[("staff", first.staff.as_str().into())]))),
            None if question.is_disputed => (line("s-late", "people", words.get(Key::MatchDisputedText))),
            None if question.needs_second() => (line("s-late", "people", words.get(Key::MatchNeedsSecond))),
            None => {},
        }
    }
}

fn changes(words: &Words, view: &MatchPair) -> Markup {
    html! {
        div.card-head { h2 { (words.get(Key::MatchChanges)) } }
        ul.plain {
            @for (person, side) in view.people.iter().zip(&view.shown.sides) {
                li {
                    (name(words, person.as_ref()))
                    @if let Some(person) = person { span.sub { (person.facility.name) } }
                    span.meta { (words.with(Key::MatchRecords, &[("n", side.entry.current_records().into())])) }
                    @if side.person.len() > 1 { span.sub { (words.with(Key::MatchPersonOf, &[("n", side.person.len().into())])) } }
                }
            }
            li.sub { (words.get(Key::MatchChangesText)) }
            li.sub { (words.get(Key::MatchUndoText)) }
        }
    }
}

fn field_key(field: Shown) -> Key {
    match field {
        Shown::Name => Key::MatchFieldName,
        Shown::Kana => Key::MatchFieldKana,
        Shown::Birth => Key::MatchFieldBirth,
        Shown::Sex => Key::MatchFieldSex,
        Shown::Postcode => Key::MatchFieldPostcode,
        Shown::Address => Key::MatchFieldAddress,
        Shown::Phones => Key::MatchFieldPhones,
        Shown::Insurance => Key::MatchFieldInsurance,
        Shown::Card => Key::MatchFieldCard,
    }
}

fn part_key(field: Field) -> Key {
    match field {
        Field::Family => Key::MatchPartFamily,
        Field::Given => Key::MatchPartGiven,
        Field::Birth => Key::MatchFieldBirth,
        Field::Sex => Key::MatchFieldSex,
        Field::Home => Key::MatchPartHome,
        Field::Card => Key::MatchFieldCard,
    }
}

/// A comparison that moves the weight by less says nothing worth a word: half a bit.
const SPEAKS_MILLI: i32 = 500;
