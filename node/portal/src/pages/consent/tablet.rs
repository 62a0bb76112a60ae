use crate::desk::ConsentView;
use crate::forms::Fields;
use crate::i18n::{Key, Words};
use crate::pages::consent::{ConsentFault, TEXT_VERSIONS};
use crate::view::{Frame, icon};
use maud::{Markup, PreEscaped, html};
use protocol::ids::PatientRef;
use protocol::kinds::{Coarse, FacilityClass, KindSet, Purpose, Role, classes, purposes, roles};
use service::consents::ConsentSpec;

/// One thing that a patient can tick on the tablet.
pub struct Group {
    /// Its value in the form.
    pub word: &'static str,
    title: Key,
    lead: Key,
    /// What ticking it says.
    pub spec: ConsentSpec,
}

/// What can be ticked: few things, each in plain words.
pub fn tablet_groups(patient: PatientRef) -> [Group; 2] {
    use FacilityClass::{Care, VisitingNursing};
    let home = ConsentSpec {
        readers: protocol::consent::Readers::All { classes: classes(&[VisitingNursing, Care]) },
        kinds: KindSet::of(&[Coarse::Prescription, Coarse::Allergy, Coarse::Disease, Coarse::Summary, Coarse::Care]),
        roles: roles(&[Role::Nurse, Role::CareManager, Role::CareStaff]),
        purposes: purposes(&[Purpose::Treatment, Purpose::CarePlan]),
        ..ConsentSpec::broad(patient)
    };
    [
        Group {
            word: "houses",
            title: Key::TabletHouses,
            lead: Key::TabletHousesLead,
            spec: ConsentSpec::broad(patient),
        },
        Group { word: "home", title: Key::TabletHome, lead: Key::TabletHomeLead, spec: home },
    ]
}

/// The patient's own screen: no menu, no list of others behind it, furigana, large type, one decision. `fields`: what was ticked
/// before something was wrong.
pub fn consent_tablet(
    frame: &Frame<'_>,
    view: &ConsentView,
    fields: Option<&Fields>,
    wrong: Option<ConsentFault>,
) -> Markup {
    let words = frame.words;
    let ticked = |word: &str| fields.is_none_or(|fields| fields.all("group").any(|own| own == word));
    let name = html! { span lang="ja" { @if view.person.kana.is_empty() { (view.person.name) } @else { ruby { (view.person.name) rt { (view.person.kana) } } } } };
    let body = html! {
        form.tablet method="post" action="tablet" enctype="multipart/form-data" {
            (frame.token())
            input type="hidden" name="version" value=(TEXT_VERSIONS[0]);
            main #main {
                div.tablet-main {
                    h1 { (name) " " (ruby(words, Key::TabletAsk)) }
                    p.tablet-lead { (ruby(words, Key::TabletLead)) }
                    @if let Some(wrong) = wrong { p.notice.s-danger role="alert" { (icon("alert")) span { (words.get(wrong.key())) } } }
                    @for group in &tablet_groups(view.person.patient) {
                        label.tablet-choice {
                            input type="checkbox" name="group" value=(group.word) checked[ticked(group.word)];
                            span { b { (ruby(words, group.title)) } span.tablet-lead { (ruby(words, group.lead)) } }
                        }
                    }
                }
                div.tablet-side {
                    section.card.pad {
                        h2 { (ruby(words, Key::TabletKnow)) }
                        ul.bullets { @for key in [Key::TabletKnow1, Key::TabletKnow2, Key::TabletKnow3] { li { (ruby(words, key)) } } }
                    }
                    section.card.pad.sign-card {
                        p #sign-label { (ruby(words, Key::TabletSign)) }
                        div.sign-pad data-sign="" hidden { svg.sign-area role="img" aria-labelledby="sign-label" width="100%" height="180" { line.sign-line x1="4%" x2="96%" y1="140" y2="140" {} } }
                        input type="hidden" name="stroke" value="";
                        p.actions data-sign-again="" hidden { button.btn type="button" { (ruby(words, Key::TabletSignAgain)) } }
                        div data-sign-none="" {
                            p.sub { (words.get(Key::TabletNoStroke)) }
                            p { label for="f-scan" { (words.get(Key::PaperScanLabel)) } }
                            p.find-row { input #f-scan name="scan" type="file" accept="application/pdf,image/png,image/jpeg"; }
                            label.check { input type="checkbox" name="attested" value="yes"; span { (words.get(Key::PaperAttest)) } }
                        }
                    }
                }
            }
            footer.tablet-foot {
                a.btn.btn-large href="../consent" { (icon("prev")) (ruby(words, Key::TabletBack)) }
                p { (ruby(words, Key::TabletHelp)) }
                button.btn.btn-primary.btn-large.push type="submit" { (ruby(words, Key::TabletDone)) }
            }
        }
    };
    frame.bare(&words.get(Key::ConsentOnTablet), &body)
}

/// A text of ours in which readings stand behind their words: `{漢字|かんじ}` is written `漢字《かんじ》` with `｜` where the word begins.
fn ruby(words: &Words, key: Key) -> Markup {
    let text = words.get(key);
    let mut out = String::new();
    for (index, part) in text.split('｜').enumerate() {
        let escaped = |text: &str| html! { (text) }.into_string();
        let read = part.split_once('《').and_then(|(word, rest)| Some((word, rest.split_once('》')?)));
        match read.filter(|_| index > 0) {
            Some((word, (reading, rest))) => {
                out.push_str(&format!("<ruby>{}<rt>{}</rt></ruby>{}", escaped(word), escaped(reading), escaped(rest)));
            }
            None => out.push_str(&escaped(part)),
        }
    }
    PreEscaped(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;

    #[test]
    fn every_sign_of_the_patients_screen_has_its_reading() {
        let words = Words::of(Lang::Ja);
        let keys = [
            Key::TabletAsk,
            Key::TabletLead,
            Key::TabletHouses,
            Key::TabletHousesLead,
            Key::TabletHome,
            Key::TabletHomeLead,
            Key::TabletKnow,
            Key::TabletKnow1,
            Key::TabletKnow2,
            Key::TabletKnow3,
            Key::TabletSign,
            Key::TabletSignAgain,
            Key::TabletBack,
            Key::TabletHelp,
            Key::TabletDone,
        ];
        for key in keys {
            let shown = ruby(&words, key).into_string();
            let bare: String = shown
                .split("<ruby>")
                .enumerate()
                .map(
                    |(index, part)| {
                        if index == 0 { part } else { part.split_once("</ruby>").map_or("", |(_, rest)| rest) }
                    },
                )
                .collect();
            assert!(!bare.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{}: {bare}", key.id());
            assert!(!shown.contains('《') && !shown.contains('｜'), "{shown}");
        }
    }
}
