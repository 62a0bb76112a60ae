//! Who looked: the staff's view, and the patient's own list in plain words, for paper.
use crate::desk::{AccessRow, AccessView, Deed};
use crate::i18n::{Key, Lang, Words};
use crate::view::{Frame, Nav, Tab, banner, day, facility, icon, kind_word, moment, purpose_word};
use maud::{Markup, html};
use protocol::kinds::{KindSet, Purpose};
use protocol::time::Date;

/// The staff's view: who, what, for what, which records. This very look stands in the log, and on the next list first.
pub fn access(frame: &Frame<'_>, view: &AccessView) -> Markup {
    let words = frame.words;
    let body = html! {
        (banner(frame, &view.person, &view.facts, Some(Tab::Access), view.now))
        main.page #main {
            div.part-head {
                h1 { (words.get(Key::AccessTitle)) }
                p.sub { (words.with(Key::AccessCount, &[("n", view.rows.len().into())])) }
                a.btn.push href="access/sheet" { (icon("print")) (words.get(Key::AccessSheet)) }
            }
            p.sub.lead-line { (words.get(Key::AccessLead)) }
            (emergencies(words, view))
            section.card {
                div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::AccessTitle)) { table.table.access {
                    thead { tr { @for key in [Key::ColDay, Key::ColTime, Key::ColDeed, Key::ColFacility, Key::ColStaff, Key::ColPurpose, Key::ColKinds] { th scope="col" { (words.get(key)) } } } }
                    @for group in view.rows.chunk_by(|a, b| a.at.date_jst() == b.at.date_jst()) { (staff_day(words, view, group)) }
                } }
                @if view.rows.is_empty() { p.empty { (words.get(Key::AccessZero)) } }
                @if view.more { p.card-foot { (words.get(Key::AccessMore)) } }
            }
        }
    };
    frame.page(&words.get(Key::AccessTitle), Nav::Patients, &body)
}

fn staff_day(words: &Words, view: &AccessView, group: &[AccessRow]) -> Markup {
    html! {
        tbody { @for (index, row) in group.iter().enumerate() {
            tr {
                @if index == 0 { th scope="rowgroup" rowspan=(group.len()) { time { (row.at.date_jst()) } } }
                td.num { (clock(row, view)) }
                td { @if is_emergency(row) { span.pill.s-danger { (icon("alert")) (words.get(Key::PurposeEmergency)) } " " } (words.get(deed_key(row.deed))) }
                td { (facility(&row.facility, row.is_own)) }
                td.num { @match &row.staff { Some(id) => (id), None => span.meta { (words.get(Key::StaffNode)) } } }
                td { @if let Some(purpose) = row.purpose { (purpose_word(words, purpose)) } }
                td.sub { (kinds(words, row.kinds)) }
            }
        } }
    }
}

fn emergencies(words: &Words, view: &AccessView) -> Markup {
    let n = view.rows.iter().filter(|row| is_emergency(row)).count();
    html! { @if n > 0 { p.notice-line.s-danger { (icon("alert")) b { (words.with(Key::AccessEmergency, &[("n", n.into())])) } } } }
}

/// The patient's list, for paper: plain words, nobody's number, no clinical facts. What only machines did is left out.
pub fn access_sheet(frame: &Frame<'_>, view: &AccessView) -> Markup {
    let words = frame.words;
    let told = |row: &&AccessRow| {
        matches!(row.deed, Deed::Looked | Deed::Got | Deed::Gave | Deed::Refused | Deed::Consent | Deed::Asked)
    };
    let rows: Vec<&AccessRow> = view.rows.iter().filter(told).collect();
    let urgent: Vec<&AccessRow> = rows.iter().copied().filter(|row| is_emergency(row)).collect();
    let mut places: Vec<&str> = rows.iter().map(|row| row.facility.name.as_str()).collect();
    places.sort_unstable();
    places.dedup();
    let counts = [("n", rows.len().into()), ("m", places.len().into())];
    let ends = rows.last().zip(rows.first()).map(|(first, last)| (first.at.date_jst(), last.at.date_jst()));
    let body = html! {
        main.page.paper #main {
            p.screen-only.actions { a.btn href="../access" { (icon("prev")) (words.get(Key::BackToAccess)) } span.sub { (words.get(Key::SheetPrint)) } }
            header.paper-head {
                div {
                    h1 { (words.get(Key::SheetTitle)) }
                    p lang="ja" { (view.person.name) " " (words.get(Key::SheetHonorific)) }
                    @if let Some((first, last)) = ends { p.sub { (words.with(Key::SheetPeriod, &[("from", day(words, first).into()), ("to", day(words, last).into())])) } }
                }
                p.figure-line { (words.with(Key::SheetCount, &counts)) }
            }
            @if !urgent.is_empty() {
                section.urgent {
                    h2 { (icon("alert")) (words.with(Key::SheetUrgent, &[("n", urgent.len().into())])) }
                    @for row in urgent { p { b { (plain_day(words, row.at.date_jst())) " " span.num { (clock(row, view)) } } " " (facility(&row.facility, row.is_own)) " — " (plain(words, row)) } }
                    p.sub { (words.get(Key::SheetUrgentText)) }
                }
            }
            table.table.sheet-table {
                thead { tr { @for key in [Key::SheetDay, Key::SheetTime, Key::SheetPlace, Key::SheetWhat, Key::SheetWhy] { th scope="col" { (words.get(key)) } } } }
                @for group in rows.chunk_by(|a, b| a.at.date_jst() == b.at.date_jst()) {
                    tbody { @for (index, row) in group.iter().enumerate() { tr {
                        @if index == 0 { th scope="rowgroup" rowspan=(group.len()) { (plain_day(words, row.at.date_jst())) } }
                        td.num { (clock(row, view)) }
                        td { (facility(&row.facility, row.is_own)) }
                        td { (plain(words, row)) @if !row.kinds.is_empty() && row.deed != Deed::Consent { br; span.sub { (plain_kinds(words, row.kinds)) } } }
                        td { (why(words, row)) }
                    } } }
                }
            }
            @if rows.is_empty() { p.empty { (words.get(Key::AccessZero)) } }
            @if view.more { p.sub { (words.get(Key::AccessMore)) } }
            p.paper-note { (words.get(Key::SheetNote)) }
            footer.paper-foot {
                span { (words.with(Key::PrintNote, &[("node", frame.node.into()), ("when", format!("{} {}", view.now.date_jst(), moment(view.now, view.now)).into())])) }
                span { (words.get(Key::SheetSealed)) }
            }
        }
    };
    frame.page(&words.get(Key::SheetTitle), Nav::Patients, &body)
}

fn clock(row: &AccessRow, _: &AccessView) -> String {
    // Of its own day a moment is hours and minutes.
    moment(row.at, row.at)
}

fn is_emergency(row: &AccessRow) -> bool {
    matches!(row.purpose, Some(Purpose::Emergency | Purpose::Disaster))
}

fn kinds(words: &Words, kinds: KindSet) -> String {
    if kinds == KindSet::ALL {
        return words.get(Key::KindsAll);
    }
    kinds.iter().map(|kind| kind_word(words, kind)).collect::<Vec<_>>().join("・")
}

/// Kinds in the words of people who are no specialists: few, and each once.
fn plain_kinds(words: &Words, kinds: KindSet) -> String {
    use protocol::kinds::Coarse as C;
    if kinds == KindSet::ALL {
        return words.get(Key::KindsAll);
    }
    let mut out: Vec<String> = Vec::new();
    for kind in kinds.iter() {
        let word = words.get(match kind {
            C::Visit | C::Basic => Key::PlainVisit,
            C::Prescription | C::Injection => Key::PlainDrug,
            C::Lab | C::Physiology => Key::PlainLab,
            C::Disease => Key::PlainDisease,
            C::Allergy => Key::PlainAllergy,
            C::Image => Key::PlainImage,
            C::Document | C::Summary => Key::PlainPaper,
            C::Care => Key::PlainCare,
            C::Meal | C::Other => Key::PlainOther,
        });
        if !out.contains(&word) {
            out.push(word);
        }
    }
    out.join("・")
}

fn plain(words: &Words, row: &AccessRow) -> String {
    words.get(match row.deed {
        Deed::Looked | Deed::LookedAtList | Deed::Found => Key::PlainLooked,
        Deed::Asked => Key::PlainAsked,
        Deed::Got => Key::PlainGot,
        Deed::Gave => Key::PlainGave,
        Deed::Refused => Key::PlainRefused,
        Deed::Consent => Key::PlainConsent,
        Deed::Linked | Deed::Dropped => Key::PlainKept,
    })
}

fn why(words: &Words, row: &AccessRow) -> String {
    match row.purpose {
        Some(purpose) => words.get(plain_purpose(purpose)),
        None if row.deed == Deed::Consent => words.get(Key::PlainYourWord),
        None => words.get(Key::PlainUnsaid),
    }
}

fn plain_purpose(purpose: Purpose) -> Key {
    match purpose {
        Purpose::Treatment => Key::PlainTreatment,
        Purpose::Referral => Key::PlainReferral,
        Purpose::Emergency | Purpose::Disaster => Key::PlainEmergency,
        Purpose::CarePlan => Key::PlainCarePlan,
        Purpose::Quality | Purpose::PublicHealth | Purpose::Research => Key::PlainResearch,
        Purpose::PatientRequest => Key::PlainYourWord,
    }
}

fn deed_key(deed: Deed) -> Key {
    match deed {
        Deed::Looked => Key::DeedLooked,
        Deed::LookedAtList => Key::DeedList,
        Deed::Found => Key::DeedFound,
        Deed::Asked => Key::DeedAsked,
        Deed::Got => Key::DeedGot,
        Deed::Gave => Key::DeedGave,
        Deed::Refused => Key::DeedRefused,
        Deed::Consent => Key::DeedConsent,
        Deed::Linked => Key::DeedLinked,
        Deed::Dropped => Key::DeedDropped,
    }
}

/// `5月18日（火）`, `Tue 18 May 2027`.
fn plain_day(words: &Words, date: Date) -> String {
    let whole = day(words, date);
    match words.lang() {
        Lang::Ja => whole.split_once('年').map_or(whole.clone(), |(_, rest)| rest.to_owned()),
        Lang::En => whole,
    }
}
