use crate::desk::Places;
use crate::i18n::{Key, Words};
use crate::view::{class_list, icon, kind_list, purpose_list, role_list};
use maud::{Markup, html};
use protocol::kinds::KindSet;
use protocol::policy::Clause;
use protocol::time::{DAY_MS, Millis};
use service::accords::AccordView;

/// An accord: names, state, its clauses in sentences, what always holds, who signed.
pub fn accord(words: &Words, places: &Places, view: &AccordView, now: Millis) -> Markup {
    let accord = &view.accord;
    html! {
        section.card {
            div.card-head {
                h2 { (words.with(Key::AccordOf, &[("a", view.names.0.as_str().into()), ("b", view.names.1.as_str().into())])) }
                (state(words, view, now))
            }
            @for clause in &accord.clauses { (line(&words.with(Key::ClauseN, &[("n", clause.number.into())]), &sentence(words, places, clause))) }
            @let closed = closed(accord.clauses.iter());
            @if !closed.is_empty() { (line(&words.get(Key::ClauseElse), &words.with(Key::ClauseClosed, &[("kinds", kind_list(words, closed).into())]))) }
            (line(&words.get(Key::ClauseAlways), &words.with(Key::ClauseCopies, &[("n", accord.copy_hours.into())])))
            (line(&words.get(Key::ClauseAlways), &words.get(Key::ClauseThird)))
            (line(&words.get(Key::ClauseAlways), &words.get(Key::ClauseStop)))
            div.card-foot {
                span {
                    time { (accord.from.date_jst()) } " – " time { (accord.to.date_jst()) } " · "
                    (words.with(Key::DaysLeft, &[("n", (accord.to.since(now) / DAY_MS).into())]))
                }
                @if let Some(signing) = &view.signing {
                    span.push { @for tally in &signing.tallies { (words.with(Key::Signatures, &[("name", tally.name.as_str().into()), ("n", tally.signed_by.len().into()), ("need", tally.need.into())])) " " } }
                }
            }
        }
    }
}

fn line(number: &str, text: &str) -> Markup {
    html! { p.clause { span.clause-n { (number) } span { (text) } } }
}

fn state(words: &Words, view: &AccordView, now: Millis) -> Markup {
    let (class, shape, key) = match view.in_force {
        true => ("s-data", "data", Key::StateInForce),
        false if view.accord.to <= now => ("s-nothing", "nothing", Key::StateEnded),
        false => ("s-pending", "pending", Key::AccordWaits),
    };
    html! { span class=(format!("pill {class}")) { (icon(shape)) (words.get(key)) } }
}

/// One clause in a sentence: who may see whose what, for what.
pub fn sentence(words: &Words, places: &Places, clause: &Clause) -> String {
    words.with(
        Key::ClauseSentence,
        &[
            ("holders", places.network(&clause.holder_network).into()),
            ("kinds", kind_list(words, clause.kinds).into()),
            ("classes", class_list(words, clause.classes).into()),
            ("roles", role_list(words, clause.roles).into()),
            ("purposes", purpose_list(words, clause.purposes).into()),
        ],
    )
}

/// Kinds that no clause opens.
fn closed<'a>(clauses: impl Iterator<Item = &'a Clause>) -> KindSet {
    let open = clauses.fold(KindSet::NONE, |all, clause| all.or(clause.kinds));
    let closed: Vec<_> = KindSet::ALL.iter().filter(|kind| !open.has(*kind)).collect();
    KindSet::of(&closed)
}
