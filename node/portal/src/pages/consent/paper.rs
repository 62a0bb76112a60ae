use crate::desk::{ConsentView, Places};
use crate::i18n::{Key, Words};
use crate::pages::consent::{DEATH_VERSION, LEAVE_VERSION, TEXT_VERSIONS, list};
use crate::view::{Frame, Nav, born, icon, moment, qr, seal, sentence, statement_meta};
use maud::{Markup, html};
use protocol::consent::{ConsentReceipt, LegalBase, Stance};
use service::papers::{Capture, ConsentPaper, Obeying, PaperKind, Told};

/// The number of a paper as people say it.
pub(super) fn short_number(one: &ConsentReceipt) -> String {
    let id = one.id.to_string();
    let start = if matches!(one.stance, Stance::Permit | Stance::Lift) { 'C' } else { 'W' };
    format!("{start}-{}", id.chars().take(8).collect::<String>().to_uppercase())
}

/// The receipt of a statement, or the certificate of a withdrawal: for the screen, and on one sheet for the patient.
pub fn consent_paper(frame: &Frame<'_>, view: &ConsentView, paper: &ConsentPaper, is_new: bool) -> Markup {
    let words = frame.words;
    let one = &paper.receipt;
    let is_no = matches!(one.stance, Stance::Deny | Stance::Stop);
    let title = words.get(if is_no { Key::PaperCertificate } else { Key::PaperReceipt });
    let body = html! {
        main.page.paper #main {
            @if is_new { p.notice.s-data.screen-only role="status" { (icon("check")) span { (words.get(if is_no { Key::PaperWithdrawn } else { Key::PaperRecorded })) } } }
            p.screen-only.actions {
                a.btn href="../consent" { (icon("prev")) (words.get(Key::BackToConsent)) }
                @if paper.capture.as_ref().is_some_and(|capture| capture.file.is_some()) {
                    a.btn href=(format!("{}/scan", one.id)) { (icon("page")) (words.get(Key::PaperScan)) }
                }
                @if is_no { a.btn href=(one.id) { (words.get(Key::PaperAgain)) } }
                span.sub { (words.get(Key::SheetPrint)) }
            }
            header.paper-head {
                div {
                    h1 { (title) }
                    p.sub { code { (short_number(one)) } " " (one.taken_at.date_jst()) " " (moment(one.taken_at, one.taken_at)) " " span lang="ja" { (view.places.facility(&one.taker).name) } }
                }
                (qr(&code(one), &words.get(Key::PaperCode), 96))
            }
            p.paper-who {
                b lang="ja" { (view.person.name) } " " (words.get(Key::SheetHonorific)) "　"
                span.sub { (born(words, &view.person)) }
            }
            p.said.paper-said { (list::sign(!is_no)) span { (sentence(words, &view.places, one)) } }
            p.sub { (statement_meta(words, one, one.taken_at).join(" · ")) }
            @if is_no { (certificate(words, &view.places, paper)) } @else { (text_of(words, one)) }
            (behind(words, paper.capture.as_ref(), one))
            @if matches!(one.text_version.as_str(), DEATH_VERSION | LEAVE_VERSION) {
                p.paper-note { (words.get(if one.text_version == DEATH_VERSION { Key::PaperDeath } else { Key::PaperLeave })) }
            }
            p.paper-note { (words.get(if is_no { Key::PaperStays } else { Key::PaperAnyTime })) }
            footer.paper-foot {
                span { (words.with(Key::PrintNote, &[("node", frame.node.into()), ("when", format!("{} {}", paper.at.date_jst(), moment(paper.at, paper.at)).into())])) }
                span { (words.with(Key::PaperHash, &[("hash", one.evidence.to_string().chars().take(16).collect::<String>().into())])) }
            }
        }
    };
    frame.page(&title, Nav::Patients, &body)
}

/// What a reader of the code gets: which paper, and the hash of what was signed. Nothing of the person.
fn code(one: &ConsentReceipt) -> String {
    format!("musubi:consent/{}?evidence={}&taken={}", one.id, one.evidence, one.taken_at.0)
}

/// How far a withdrawal is obeyed. What is not known is hatched.
fn certificate(words: &Words, places: &Places, paper: &ConsentPaper) -> Markup {
    let told = &paper.told;
    let done = told.iter().filter(|one| matches!(one.state, Obeying::Dropped(_))).count();
    let from = words.with(
        Key::CertificateFrom,
        &[
            ("date", paper.receipt.received_at.date_jst().to_string().into()),
            ("time", moment(paper.receipt.received_at, paper.receipt.received_at).into()),
        ],
    );
    html! {
        p.paper-note { (from) }
        @if told.is_empty() { p.notice-line.s-data { (icon("check")) span { (words.get(Key::CertificateNobody)) } } }
        @else {
            div.obeyed {
                p { b.figure { (done) } " / " (words.with(Key::CertificateCount, &[("n", told.len().into())])) }
                @if done < told.len() { span.dot.t-offline { (icon("offline")) (words.with(Key::CertificateOpen, &[("n", (told.len() - done).into())])) } }
            }
            svg.obeyed-bar role="img" aria-label=(words.with(Key::CertificateBar, &[("done", done.into()), ("n", told.len().into())])) width="100%" height="14" {
                rect.hatched width="100%" height="14" {}
                rect.obeyed-part width=(format!("{}%", done * 100 / told.len())) height="14" {}
            }
            table.table.sheet-table {
                thead { tr { @for key in [Key::ColFacility, Key::ColState, Key::ColTime] { th scope="col" { (words.get(key)) } } } }
                tbody { @for one in told { (told_line(words, places, one, paper)) } }
            }
            @if done < told.len() { p.paper-note { (words.get(Key::CertificateSecond)) } }
        }
    }
}

fn told_line(words: &Words, places: &Places, one: &Told, paper: &ConsentPaper) -> Markup {
    html! {
        tr {
            th scope="row" {
                @for (id, name) in &one.facilities { span.fac { (seal(places.facility(id).class, false)) span { (name) } } " " }
                @if one.facilities.is_empty() { span.num { (one.node.to_string().chars().take(12).collect::<String>()) "…" } }
            }
            @match one.state {
                Obeying::Dropped(at) => {
                    td { span.pill.s-data { (icon("data")) (words.get(Key::ObeyedDropped)) } }
                    td.num { (moment(at, paper.at)) }
                },
                Obeying::Open { until, is_up } => {
                    td {
                        @if is_up { span.pill.s-pending { (icon("pending")) (words.get(Key::ObeyedTold)) } }
                        @else { span.pill.s-offline { (icon("offline")) (words.get(Key::ObeyedOffline)) } }
                    }
                    td.sub { (words.with(Key::ObeyedUntil, &[("when", moment(until, paper.at).into())])) }
                },
            }
        }
    }
}

/// The text that was read before signing.
fn text_of(words: &Words, one: &ConsentReceipt) -> Markup {
    html! {
        section.paper-text {
            h2 { (words.with(Key::TextTitle, &[("version", one.text_version.as_str().into())])) }
            @if one.text_version == TEXT_VERSIONS[0] { (text_body(words)) } @else { p.unknown { (words.get(Key::TextElsewhere)) } }
        }
    }
}

/// The newest text.
pub(super) fn text_body(words: &Words) -> Markup {
    html! { ul.bullets { @for key in [Key::Text1, Key::Text2, Key::Text3, Key::Text4, Key::Text5] { li { (words.get(key)) } } } }
}

/// Who signed, and what is kept of it.
fn behind(words: &Words, capture: Option<&Capture>, one: &ConsentReceipt) -> Markup {
    let kept = capture.and_then(|capture| capture.file);
    html! {
        dl.kv.paper-kv {
            div { dt { (words.get(Key::PaperSigner)) } dd {
                @match capture.and_then(|capture| capture.proxy.as_ref()) {
                    Some(proxy) => { (words.get(Key::BaseProxy)) " " span lang="ja" { (proxy.name) "（" (proxy.relation) "）" } },
                    None if one.base == LegalBase::Proxy => (words.get(Key::BaseProxy)),
                    None => (words.get(Key::SignerSelf)),
                }
            } }
            div { dt { (words.get(Key::PaperKept)) } dd {
                @match kept {
                    Some((PaperKind::Stroke, ..)) => (words.get(Key::KeptStroke)),
                    Some((_, size, _)) => (words.with(Key::KeptScan, &[("n", size.div_ceil(1024).into())])),
                    None if capture.is_some() => (words.get(Key::KeptAttested)),
                    None => (words.get(Key::KeptUnknown)),
                }
            } }
            div { dt { (words.get(Key::ColStaff)) } dd.num { (one.staff) } }
        }
    }
}
