use super::page;
use crate::i18n::{Key, Words};
use crate::view::{Frame, icon, moment, rich};
use crate::works::{Deed, Setting, StoreCare};
use maud::{Markup, html};
use protocol::time::{DAY_MS, Millis};

/// One key or certificate with its end.
pub struct KeyLine {
    /// What it is.
    pub kind: Key,
    /// Whose.
    pub whose: String,
    /// The beginning of its number.
    pub number: String,
    /// When it ends; none: it has no end.
    pub until: Option<Millis>,
}

/// Keys and certificates with the days that are left. No secret is shown.
pub fn keys(frame: &Frame<'_>, lines: &[KeyLine], (now, roots): (Millis, &[String])) -> Markup {
    let words = frame.words;
    let body = html! {
        section.card {
            div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::KeysTitle)) { table.table {
                thead { tr { @for key in [Key::ColKeyKind, Key::ColWhose, Key::ColNumberOf, Key::ColUntil, Key::ColLeftDays] { th scope="col" { (words.get(key)) } } } }
                tbody { @for line in lines { tr {
                    th scope="row" { (words.get(line.kind)) }
                    td lang="ja" { (line.whose) }
                    td { code { (line.number) "…" } }
                    td.num { @if let Some(until) = line.until { time { (until.date_jst()) } } }
                    td { (left(words, line.until, now)) }
                } } }
            } }
        }
        section.card.pad.after {
            h2 { (words.get(Key::KeysPaper)) }
            p.sub { (rich(&words.get(Key::KeysPaperLead))) }
            @for root in roots { p.notice-line.s-late { (icon("late")) span { (words.with(Key::KeysRootHere, &[("facility", root.as_str().into())])) } } }
        }
    };
    page(frame, ("/admin/keys", Key::KeysTitle), &words.get(Key::KeysLead), &body)
}

fn left(words: &Words, until: Option<Millis>, now: Millis) -> Markup {
    let Some(until) = until else { return html! { span.sub { (words.get(Key::NoEnd)) } } };
    let days = until.since(now) / DAY_MS;
    let (class, shape) = match days {
        0 => ("t-danger", "red"),
        1..30 => ("t-late", "amber"),
        _ => ("t-data", "green"),
    };
    html! { span class=(format!("dot {class}")) { (icon(shape)) (words.with(Key::DaysLeft, &[("n", days.into())])) } }
}

/// Backup, the last try-out of one, checks of the store.
pub fn backup(frame: &Frame<'_>, care: Option<&StoreCare>, now: Millis) -> Markup {
    let words = frame.words;
    let never = StoreCare::default();
    let known = care.unwrap_or(&never);
    let rows = [
        (Key::CareBackup, &known.backed_up, Key::RemedyBackup),
        (Key::CareDrill, &known.drill, Key::RemedyDrill),
        (Key::CareVerified, &known.verified, Key::RemedyVerify),
        (Key::CareScrubbed, &known.scrubbed, Key::RemedyVerify),
    ];
    let body = html! {
        section.card {
            @for (name, deed, remedy) in rows { (care_line(words, name, deed.as_ref(), (remedy, now))) }
            @if let Some((done, files)) = known.round { p.card-foot { (words.with(Key::CareRound, &[("n", done.into()), ("all", files.into())])) } }
        }
        section.card.pad.after {
            h2 { (words.get(Key::BackupHow)) }
            ol.bullets { @for key in [Key::BackupHow1, Key::BackupHow2, Key::BackupHow3] { li { (rich(&words.get(key))) } } }
        }
    };
    page(frame, ("/admin/backup", Key::BackupTitle), &words.get(Key::BackupLead), &body)
}

fn care_line(words: &Words, name: Key, deed: Option<&Deed>, (remedy, now): (Key, Millis)) -> Markup {
    let (class, shape, pill, key) = match deed {
        Some(deed) if deed.is_good => ("t-data", "green", "s-data", Key::CareGood),
        Some(_) => ("t-danger", "red", "s-danger", Key::CareFailed),
        None => ("t-late", "amber", "s-late", Key::CareNever),
    };
    html! {
        div.check-line {
            span class=(format!("dot {class}")) { (icon(shape)) }
            b { (words.get(name)) }
            p {
                span class=(format!("pill {pill}")) { (words.get(key)) } " "
                @if let Some(deed) = deed { time { (deed.at.date_jst()) } " " span.num { (moment(deed.at, now)) } @if !deed.is_good { br; span.sub lang="en" { (deed.text) } } }
            }
            @if deed.is_none_or(|deed| !deed.is_good) { p.remedy { "→ " (rich(&words.get(remedy))) } }
        }
    }
}

/// The configuration in force: what was set, what is the default, what each means.
pub fn config(frame: &Frame<'_>, settings: &[Setting]) -> Markup {
    let words = frame.words;
    let set = settings.iter().filter(|one| one.value.is_some()).count();
    let body = html! {
        section.card {
            @if settings.is_empty() { p.empty { (words.get(Key::ConfigUnknown)) } } @else {
                div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::ConfigTitle)) { table.table {
                    thead { tr { @for key in [Key::ColSetting, Key::ColValue, Key::ColDefault, Key::ColMeaning] { th scope="col" { (words.get(key)) } } } }
                    tbody { @for one in settings { tr {
                        th scope="row" { code { (one.key) } @if one.needs_restart { br; span.meta { (words.get(Key::NeedsRestart)) } } }
                        td { @match &one.value { Some(value) => b { (value) }, None => span.sub { (words.get(Key::IsDefault)) } } }
                        td lang="en" { (one.default) }
                        td lang="en" { (one.meaning) br; span.meta { (one.range) } }
                    } } }
                } }
            }
        }
        p.card-note { (rich(&words.get(Key::ConfigHow))) }
    };
    page(
        frame,
        ("/admin/config", Key::ConfigTitle),
        &words.with(Key::ConfigLead, &[("n", set.into()), ("all", settings.len().into())]),
        &body,
    )
}
