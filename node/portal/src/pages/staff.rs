use super::login::{Field, field, said};
use super::setup::facility_choice;
use crate::auth::{Said, text_key};
use crate::i18n::{Key, Words};
use crate::view::{Frame, Nav, icon, moment, role_word};
use maud::{Markup, html};
use protocol::ids::FacilityId;
use protocol::kinds::Role;
use service::staff::{AccountRow, AccountState, Fate, Made, Preview, Typed, csv_of};

/// Everybody, with what can be done for each, and the form for somebody new.
pub fn staff(
    frame: &Frame<'_>,
    rows: &[AccountRow],
    (typed, facilities): (&Typed, &[FacilityId]),
    wrong: Option<Said>,
) -> Markup {
    let words = frame.words;
    let title = words.get(Key::StaffTitle);
    let body = html! {
        main.page #main {
            div.page-head {
                div { h1 { (title) } p.lead { (words.get(Key::StaffLead)) } }
                p.actions { a.btn href="/admin/staff/import" { (words.get(Key::ImportTitle)) } }
            }
            (said(words, wrong))
            section.card {
                div.card-head { h2 { (words.with(Key::StaffCount, &[("n", rows.len().into())])) } }
                @if rows.is_empty() { p.empty { (words.get(Key::StaffZero)) } } @else { (table(frame, rows)) }
            }
            section.card.pad.after {
                h2 { (words.get(Key::StaffAddTitle)) }
                (add(frame, typed, facilities))
            }
        }
    };
    frame.page(&title, Nav::Staff, &body)
}

fn table(frame: &Frame<'_>, rows: &[AccountRow]) -> Markup {
    let words = frame.words;
    html! {
        div.scroll-x { table.table.table-roomy {
            thead { tr {
                @for key in [Key::ColStaffNumber, Key::FieldName, Key::FieldLogin, Key::ColRole, Key::ColState, Key::ColDo] {
                    th scope="col" { (words.get(key)) }
                }
            } }
            tbody { @for row in rows { (line(frame, row)) } }
        } }
    }
}

fn line(frame: &Frame<'_>, row: &AccountRow) -> Markup {
    let words = frame.words;
    html! {
        tr {
            td.num { (row.number) }
            th scope="row" lang="ja" { b { (row.name.expose()) } @if !row.department.is_empty() { span.kana { (row.department) } } }
            td { code { (row.login) } }
            td { (role_word(words, row.role)) }
            td {
                (state(words, row.state))
                @if row.state == AccountState::Active && !row.has_factor { span.pill.s-late { (words.get(Key::StaffNoFactor)) } }
                @if let Some(seen) = row.seen_at { br; span.meta { (words.with(Key::StaffSeen, &[("time", moment(seen, seen).into())])) } }
            }
            td { (deeds(frame, row)) }
        }
    }
}

fn state(words: &Words, state: AccountState) -> Markup {
    let (class, shape, key) = match state {
        AccountState::Invited => ("s-pending", "pending", Key::StateInvited),
        AccountState::Active => ("s-data", "data", Key::StateActive),
        AccountState::Suspended => ("s-danger", "lock", Key::StateSuspended),
    };
    html! { span class=(format!("pill {class}")) { (icon(shape)) (words.get(key)) } }
}

fn deeds(frame: &Frame<'_>, row: &AccountRow) -> Markup {
    let words = frame.words;
    let at = |deed: &str| format!("/admin/staff/{}/{deed}", row.number);
    let whom = format!("{} {}", row.number, row.name.expose());
    html! {
        details {
            summary { (words.get(Key::StaffChange)) span.away { " " (whom) } }
            form method="post" action=(at("role")) {
                (frame.token())
                label for=(format!("r-{}", row.number)) { (words.get(Key::ColRole)) } " "
                (role_choice(words, &format!("r-{}", row.number), row.role.word()))
                " " label for=(format!("d-{}", row.number)) { (words.get(Key::FieldDepartment)) } " "
                input id=(format!("d-{}", row.number)) name="department" type="text" value=(row.department) maxlength="80";
                " " button.btn type="submit" { (words.get(Key::StaffRoleButton)) }
            }
            form method="post" action=(at("reset")) {
                (frame.token())
                label { input type="checkbox" name="factor" value="yes"; " " (words.get(Key::StaffResetFactor)) } " "
                button.btn type="submit" { (words.get(Key::StaffResetButton)) }
            }
            @let (deed, key) = match row.state {
                AccountState::Suspended => ("resume", Key::StaffResumeButton),
                _ => ("suspend", Key::StaffSuspendButton),
            };
            form method="post" action=(at(deed)) {
                (frame.token())
                button.btn type="submit" { (words.get(key)) }
            }
        }
    }
}

fn role_choice(words: &Words, id: &str, chosen: &str) -> Markup {
    html! {
        select id=(id) name="role" {
            @for role in Role::ALL {
                option value=(role.word()) selected[role.word() == chosen] { (role_word(words, *role)) }
            }
        }
    }
}

fn add(frame: &Frame<'_>, typed: &Typed, facilities: &[FacilityId]) -> Markup {
    let words = frame.words;
    html! {
        form.find method="post" action="/admin/staff" {
            (frame.token())
            @if let [_, _, ..] = facilities { (facility_choice(frame, facilities)) }
            (field(words, &Field { name: "name", label: Key::FieldName, hint: None, value: &typed.name, kind: "text", fill: "off" }))
            (field(words, &Field {
                name: "login", label: Key::FieldLogin, hint: Some(Key::FieldLoginHint), value: &typed.login, kind: "text", fill: "off",
            }))
            p.after { label for="f-role" { b { (words.get(Key::ColRole)) } } }
            p.find-row { (role_choice(words, "f-role", &typed.role)) }
            p.after { label for="f-department" { b { (words.get(Key::FieldDepartment)) } } }
            p.find-row { input #f-department name="department" type="text" value=(typed.department) maxlength="80" autocomplete="off"; }
            p.actions.after { button.btn.btn-primary type="submit" { (words.get(Key::StaffAddButton)) } }
        }
    }
}

/// One-time codes, shown once: to be given by hand.
pub fn staff_codes(frame: &Frame<'_>, made: &[Made]) -> Markup {
    let words = frame.words;
    let title = words.get(Key::CodesTitle);
    let head = vec!["number", "login", "name", "role", "code"];
    let cells: Vec<[String; 5]> = made
        .iter()
        .map(|one| {
            let row = &one.row;
            [
                row.number.to_string(),
                row.login.to_string(),
                row.name.expose().clone(),
                row.role.word().into(),
                one.code.clone(),
            ]
        })
        .collect();
    let list = csv_of(std::iter::once(head).chain(cells.iter().map(|row| row.iter().map(String::as_str).collect())));
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (title) } p.lead { (words.with(Key::CodesLead, &[("n", made.len().into())])) } } }
            section.card { div.scroll-x { table.table.table-roomy {
                thead { tr {
                    @for key in [Key::ColStaffNumber, Key::FieldName, Key::FieldLogin, Key::FieldOnce, Key::ColUntil] {
                        th scope="col" { (words.get(key)) }
                    }
                } }
                tbody { @for one in made {
                    tr {
                        td.num { (one.row.number) }
                        th scope="row" lang="ja" { b { (one.row.name.expose()) } }
                        td { code { (one.row.login) } }
                        td { code { (one.code) } }
                        td.num { (moment(one.until, one.until)) }
                    }
                } }
            } } }
            @if made.len() > 1 {
                details.card.pad.after { summary { (words.get(Key::CodesList)) } pre { (list) } }
            }
            p.actions.after { a.btn href="/admin/staff" { (words.get(Key::StaffTitle)) } }
        }
    };
    frame.page(&title, Nav::Staff, &body)
}

/// A list of staff: pasted, previewed line by line, then taken.
pub fn staff_import(frame: &Frame<'_>, list: &str, preview: Option<&Preview>, wrong: Option<(Said, String)>) -> Markup {
    let words = frame.words;
    let title = words.get(Key::ImportTitle);
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (title) } p.lead { (words.get(Key::ImportLead)) } } }
            @if let Some((text, detail)) = &wrong { (said(words, Some(*text))) p.sub { code { (detail) } } }
            @if let Some(preview) = preview { (previewed(frame, list, preview)) }
            section.card.pad.after {
                form.find method="post" action="/admin/staff/import" {
                    (frame.token())
                    p { label for="f-list" { b { (words.get(Key::ImportList)) } } br; span.sub { (words.get(Key::ImportHint)) } }
                    p.find-row { textarea #f-list name="list" rows="12" cols="80" spellcheck="false" { (list) } }
                    p.actions.after { button.btn type="submit" name="step" value="preview" { (words.get(Key::ImportPreview)) } }
                }
            }
        }
    };
    frame.page(&title, Nav::Staff, &body)
}

fn previewed(frame: &Frame<'_>, list: &str, preview: &Preview) -> Markup {
    let words = frame.words;
    let counts = [("new", preview.fresh().into()), ("wrong", preview.wrong().into())];
    html! {
        section.card aria-live="polite" {
            div.card-head { h2 { (words.with(Key::ImportCount, &counts)) } }
            div.scroll-x { table.table {
                thead { tr { @for key in [Key::ColLine, Key::FieldLogin, Key::ColFate] { th scope="col" { (words.get(key)) } } } }
                tbody { @for line in &preview.lines {
                    tr { td.num { (line.line) } td { (line.login) } td { (fate(words, &line.fate)) } }
                } }
            } }
            @if preview.fresh() > 0 {
                form.pad method="post" action="/admin/staff/import" {
                    (frame.token())
                    input type="hidden" name="list" value=(list);
                    button.btn.btn-primary type="submit" name="step" value="import" {
                        (words.with(Key::ImportButton, &[("n", preview.fresh().into())]))
                    }
                }
            }
        }
    }
}

fn fate(words: &Words, fate: &Fate) -> Markup {
    let pill = |class: &str, shape: &str, text: String| {
        html! { span class=(format!("pill {class}")) { (icon(shape)) (text) } }
    };
    html! {
        @match fate {
            Fate::New(new) => {
                (pill("s-data", "data", words.get(Key::FateNew)))
                " " span lang="ja" { (new.name.expose()) } " · " (role_word(words, new.role))
                @if !new.department.is_empty() { " · " span lang="ja" { (new.department) } }
            },
            Fate::Known => (pill("s-nothing", "nothing", words.get(Key::FateKnown))),
            Fate::Twice(line) => (pill("s-danger", "alert", words.with(Key::FateTwice, &[("line", (*line).into())]))),
            Fate::Wrong(fault) => (pill("s-danger", "alert", words.get(text_key(*fault)))),
        }
    }
}
