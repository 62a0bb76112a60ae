use crate::desk::{Found, FoundRow};
use crate::i18n::Key;
use crate::view::{Frame, Nav, Tab, age, born, both_calendars, facility, icon, sex};
use maud::{Markup, html};

/// The search, with what it found if somebody searched. A name stands in the page only, never in its address.
pub fn search(frame: &Frame<'_>, text: Option<&str>, found: Option<&Result<Found, Key>>) -> Markup {
    let words = frame.words;
    html! {
        (frame.open(&words.get(Key::PatientsTitle), Nav::Patients, text))
        main.page #main {
            div.page-head {
                div { h1 { (words.get(Key::PatientsTitle)) } p.sub { (words.get(Key::PatientsLead)) } }
            }
            section.card.pad {
                (form(frame, text.unwrap_or_default(), matches!(found, Some(Err(_)))))
                @if let Some(Err(key)) = found { p.fault #search-fault { (icon("alert")) (words.get(*key)) } }
            }
            @if let Some(Ok(found)) = found { (results(frame, found)) }
        }
        (frame.close())
    }
}

/// The search box of pages that begin with finding somebody.
pub fn search_form(frame: &Frame<'_>) -> Markup {
    form(frame, "", false)
}

/// The large search box, also of the first page.
pub(super) fn form(frame: &Frame<'_>, text: &str, is_wrong: bool) -> Markup {
    let words = frame.words;
    html! {
        form.find method="post" action="/patients" {
            (frame.token())
            label for="q" { (words.get(Key::SearchLabel)) }
            p.sub #q-hint { (words.get(Key::HomeSearchLead)) }
            div.find-row {
                input #q name="q" type="search" value=(text) maxlength="200" autocomplete="off" spellcheck="false"
                    aria-describedby="q-hint" aria-invalid=[is_wrong.then_some("true")]
                    aria-errormessage=[is_wrong.then_some("search-fault")] autofocus[!text.is_empty() || is_wrong];
                button.btn.btn-primary type="submit" { (icon("search")) (words.get(Key::SearchButton)) }
            }
        }
    }
}

fn results(frame: &Frame<'_>, found: &Found) -> Markup {
    let words = frame.words;
    let count = found.rows.len();
    html! {
        section.card.after aria-live="polite" {
            @if let Some(birth) = found.birth {
                p.echo { (icon("info")) (words.with(Key::FoundBirth, &[("date", both_calendars(words, birth).into())])) }
            }
            @if count == 0 {
                div.card-head { h2 { (words.get(Key::FoundZero)) } }
                p.empty { (words.get(Key::FoundZeroHelp)) }
            } @else {
                div.card-head { h2 { (words.with(Key::FoundTitle, &[("n", count.into())])) } }
                div.scroll-x {
                    table.table.table-roomy {
                        thead { tr {
                            @for key in [Key::ColPatient, Key::ColBirth, Key::ColSex, Key::ColNumber, Key::ColFacility, Key::ColRecords] {
                                th scope="col" { (words.get(key)) }
                            }
                        } }
                        tbody { @for row in &found.rows { (line(frame, row, found)) } }
                    }
                }
            }
            @if found.more { p.card-foot { (words.get(Key::FoundMore)) } }
            @if found.rows.iter().any(|row| has_namesake(row, found)) { p.card-foot { (icon("people")) (words.get(Key::SameNameHelp)) } }
        }
    }
}

fn line(frame: &Frame<'_>, row: &FoundRow, found: &Found) -> Markup {
    let words = frame.words;
    // Who may not read records is led to what they may open.
    let page = Tab::first(frame).map(|tab| format!("/patients/{}/{}", row.person.patient.0, tab.word()));
    let person = &row.person;
    html! {
        tr.namesake[has_namesake(row, found)] {
            th scope="row" {
                a.big-link href=[page] lang="ja" {
                    @if person.name.is_empty() { (words.get(Key::NoName)) } @else { (person.name) }
                }
                span.kana lang="ja" { (person.kana) }
                @if has_namesake(row, found) { span.pill.s-late { (icon("people")) (words.get(Key::SameName)) } }
                @if person.is_deleted { span.pill.s-danger { (icon("alert")) (words.get(Key::DeletedPatient)) } }
            }
            td.born {
                (born(words, person))
                @if let Some(birth) = person.birth { b.aged { (age(words, birth, found.now.date_jst())) } }
            }
            td { (sex(words, person.sex)) }
            td.num { (person.number) }
            td { (facility(&person.facility, true)) }
            td.num { (words.with(Key::ItemCount, &[("n", row.records.into())])) }
        }
    }
}

/// Whether somebody else in the list could be taken for this person.
fn has_namesake(row: &FoundRow, found: &Found) -> bool {
    let own = &row.person;
    found.rows.iter().any(|other| {
        let other = &other.person;
        let same_sound = !own.kana.is_empty() && own.kana == other.kana;
        other.patient != own.patient && (same_sound || own.name == other.name)
    })
}
