use super::Separators;
use super::escape::unescape;
use super::kana::{full_width_kana, has_half_width_kana};
use super::split::pieces;
use crate::limits::{COMPONENTS_MAX, REPEATS_MAX};
use std::borrow::Cow;

macro_rules! part {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a> {
            raw: &'a str,
            separators: Separators,
        }
        impl<'a> $name<'a> {
            /// As it stands in the file, with its delimiters and escapes.
            pub fn raw(&self) -> &'a str {
                self.raw
            }
            /// Whether nothing is said: empty or blank.
            pub fn is_empty(&self) -> bool {
                self.raw.trim().is_empty()
            }
            /// Whether it is the explicit null `""` (not applicable).
            pub fn is_null(&self) -> bool {
                self.raw.trim() == "\"\""
            }
        }
        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{} of {} bytes", stringify!($name), self.raw.len())
            }
        }
    };
}

part! {
    /// One field, which may repeat.
    Field
}
part! {
    /// One repetition of a field.
    Repeat
}
part! {
    /// One component of a repetition.
    Component
}

impl<'a> Field<'a> {
    pub(super) fn new(raw: &'a str, separators: Separators) -> Self {
        Self { raw, separators }
    }
    /// Its repetitions; one, possibly empty, at least. At most [`REPEATS_MAX`].
    pub fn repeats(&self) -> impl Iterator<Item = Repeat<'a>> + use<'a> {
        let separators = self.separators;
        pieces(self.raw, separators.repeat).take(REPEATS_MAX).map(move |raw| Repeat { raw, separators })
    }
    /// The first repetition.
    pub fn first(&self) -> Repeat<'a> {
        let raw = pieces(self.raw, self.separators.repeat).next().unwrap_or_default();
        Repeat { raw, separators: self.separators }
    }
    /// A component of the first repetition, counted from 1.
    pub fn component(&self, number: usize) -> Component<'a> {
        self.first().component(number)
    }
    /// The text of the first component of the first repetition, without blanks around it; empty for null.
    pub fn text(&self) -> Cow<'a, str> {
        self.component(1).text()
    }
    /// The whole field as a text with its delimiters, escapes resolved.
    pub fn whole(&self) -> Cow<'a, str> {
        resolved(self.raw, &self.separators)
    }
}

impl<'a> Repeat<'a> {
    /// Its components; one, possibly empty, at least. At most [`COMPONENTS_MAX`].
    pub fn components(&self) -> impl Iterator<Item = Component<'a>> + use<'a> {
        let separators = self.separators;
        pieces(self.raw, separators.component).take(COMPONENTS_MAX).map(move |raw| Component { raw, separators })
    }
    /// One component, counted from 1; empty if there is none.
    pub fn component(&self, number: usize) -> Component<'a> {
        let raw = number.checked_sub(1).and_then(|at| self.components().nth(at)).map_or("", |component| component.raw);
        Component { raw, separators: self.separators }
    }
    /// The text of a component.
    pub fn text(&self, number: usize) -> Cow<'a, str> {
        self.component(number).text()
    }
    /// All of it as a text with its delimiters, escapes resolved.
    pub fn whole(&self) -> Cow<'a, str> {
        resolved(self.raw, &self.separators)
    }
}

impl<'a> Component<'a> {
    /// Its text, escapes resolved, without blanks around it; empty for the null `""`.
    pub fn text(&self) -> Cow<'a, str> {
        resolved(self.raw, &self.separators)
    }
    /// A subcomponent's text, counted from 1; empty if there is none.
    pub fn sub(&self, number: usize) -> Cow<'a, str> {
        let at = number.saturating_sub(1);
        let raw = pieces(self.raw, self.separators.sub).take(COMPONENTS_MAX).nth(at).unwrap_or_default();
        resolved(raw, &self.separators)
    }
    /// The same text read one level deeper: subcomponents as components (`code&text&system`).
    pub fn as_repeat(&self) -> Repeat<'a> {
        let separators = Separators { component: self.separators.sub, sub: '\u{0}', ..self.separators };
        Repeat { raw: self.raw, separators }
    }
}

fn resolved<'a>(raw: &'a str, separators: &Separators) -> Cow<'a, str> {
    let raw = raw.trim();
    if raw == "\"\"" {
        return Cow::Borrowed("");
    }
    let text = unescape(raw, separators).0;
    // After splitting, so that nothing that comes of it can be a delimiter.
    if !has_half_width_kana(&text) { text } else { Cow::Owned(full_width_kana(&text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_from_one_and_absent_ones_are_empty() {
        let field = Field::new("a^b&c~d\\S\\e^\"\"", Separators::STANDARD);
        let texts: Vec<_> = field.repeats().map(|repeat| repeat.text(1).into_owned()).collect();
        assert_eq!(texts, ["a", "d^e"]);
        assert_eq!(field.component(2).sub(2), "c");
        assert_eq!(field.component(2).as_repeat().text(2), "c");
        assert_eq!((field.component(0).text(), field.component(9).text()), ("".into(), "".into()));
        let last = field.repeats().last().expect("two");
        assert!(last.component(2).is_null() && last.text(2).is_empty());
    }
}
